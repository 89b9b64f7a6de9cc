package dev.tally.schemas.catalogue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.Node;

/** Where things stand in a YAML file, and what is wrong with them. */
final class YamlSource {

    private final String fileName;
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<Found> found = new ArrayList<>();
    private final Set<String> unreadable = new HashSet<>();
    private final Set<String> aroundUnreadable = new HashSet<>();

    YamlSource(String fileName) {
        this.fileName = fileName;
    }

    private record Found(int line, Problem problem) {}

    /** Remembers the line of what a path names. */
    void locate(String path, Node node) {
        lines.putIfAbsent(path, line(node));
    }

    /** A problem of something that takes nothing from the values around it, such as a field that does not exist. */
    void surplus(Node node, String path, String message) {
        found.add(new Found(line(node), new Problem(path, message)));
    }

    /** A problem of a value that cannot be read; a stand-in takes its place. One is enough for one value. */
    void unreadable(Node node, String path, String message) {
        if (!unreadable.contains(path)) {
            surplus(node, path, message);
            markUnreadable(path);
        }
    }

    /** Says that what was read for a path is not what stands in the file. */
    void markUnreadable(String path) {
        unreadable.add(path);
        for (String at = around(path); !at.isEmpty(); at = around(at)) {
            aroundUnreadable.add(at);
        }
    }

    /** Whether a path, or anything in it, could not be read. */
    boolean isUnreadable(String path) {
        return unreadable.contains(path) || aroundUnreadable.contains(path);
    }

    /**
     * A rule that is broken at a path, unless that is or may be due to a stand-in; the line is that of the nearest thing around it that has
     * one.
     */
    void problem(Problem problem) {
        if (aroundUnreadable.contains(problem.path())) {
            return;
        }
        for (String at = problem.path(); !at.isEmpty(); at = around(at)) {
            if (unreadable.contains(at)) {
                return;
            }
        }
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

    /** All problems as {@code path: message}, in the order they were found. */
    List<String> problemsWithoutLines() {
        return found.stream().map(one -> text(one.problem())).toList();
    }

    private static String text(Problem problem) {
        return problem.path().isEmpty() ? problem.message() : problem.toString();
    }

    private int lineOf(String path) {
        for (String at = path; !at.isEmpty(); at = around(at)) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
        }
        return 1;
    }

    private static String around(String path) {
        int cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
        return cut < 0 ? "" : path.substring(0, cut);
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }
}
