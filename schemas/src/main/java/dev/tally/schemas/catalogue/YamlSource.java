package dev.tally.schemas.catalogue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** Where things stand in a YAML file, and what is wrong with them. */
final class YamlSource {

    private final String fileName;
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<Found> found = new ArrayList<>();

    YamlSource(String fileName) {
        this.fileName = fileName;
    }

    private record Found(int line, Problem problem) {}

    /** Remembers the line of what a path names. */
    void locate(String path, Node node) {
        lines.putIfAbsent(path, line(node));
    }

    void problem(Node node, String path, String message) {
        found.add(new Found(line(node), new Problem(path, message)));
    }

    /** A problem at a path; its line is that of the nearest thing around it that has one. */
    void problem(Problem problem) {
        found.add(new Found(lineOf(problem.path()), problem));
    }

    int count() {
        return found.size();
    }

    /** All problems as {@code file:line: path: message}, by line. */
    List<String> problems() {
        return found.stream()
                .sorted(Comparator.comparingInt(Found::line))
                .map(one -> fileName + ":" + one.line() + ": " + text(one.problem()))
                .toList();
    }

    private static String text(Problem problem) {
        return problem.path().isEmpty() ? problem.message() : problem.toString();
    }

    private int lineOf(String path) {
        String at = path;
        while (!at.isEmpty()) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
            int cut = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
            at = cut < 0 ? "" : at.substring(0, cut);
        }
        return 1;
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }
}
