package dev.tally.schemas.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Families of metrics, as a program serves them in Prometheus' text format or as docs/metrics.md has them, for comparison. */
public final class MetricFamilies {

    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| ([\\w, ]*) ?\\| .* \\|");
    private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)})? \\S+");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"(?:[^\"\\\\]|\\\\.)*\"");

    /** What is compared of a family. */
    public record Family(String type, SortedSet<String> labels) {}

    private MetricFamilies() {}

    /** The families of a scrape, with the labels that any of their samples has; {@code le} is part of a histogram's type. */
    public static SortedMap<String, Family> scraped(String text) {
        SortedMap<String, Family> families = new TreeMap<>();
        Map<String, String> familyOf = new HashMap<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                String[] words = line.split(" ", -1);
                families.put(words[2], new Family(words[3], new TreeSet<>()));
                familyOf.put(words[2], words[2]);
                if (words[3].equals("histogram") || words[3].equals("summary")) {
                    for (String part : List.of("_bucket", "_sum", "_count")) {
                        familyOf.put(words[2] + part, words[2]);
                    }
                }
            } else if (!line.startsWith("#")) {
                Matcher sample = SAMPLE.matcher(line);
                Family family = sample.matches() ? families.get(familyOf.getOrDefault(sample.group(1), "")) : null;
                if (family == null) {
                    throw new IllegalArgumentException("no sample of a known family: " + line);
                }
                Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
                while (label.find()) {
                    if (!label.group(1).equals("le")) {
                        family.labels().add(label.group(1));
                    }
                }
            }
        }
        return families;
    }

    /**
     * The families of a section of docs/metrics.md.
     *
     * @param root folder of the repository
     * @param section a heading of the second level
     */
    public static SortedMap<String, Family> documented(Path root, String section) {
        try {
            String text = Files.readString(root.resolve("docs/metrics.md"));
            int begin = text.indexOf("\n## " + section + "\n");
            if (begin < 0) {
                throw new IllegalArgumentException("docs/metrics.md has no section " + section);
            }
            int end = text.indexOf("\n## ", begin + 1);
            SortedMap<String, Family> families = new TreeMap<>();
            for (String line :
                    text.substring(begin, end < 0 ? text.length() : end).lines().toList()) {
                Matcher row = ROW.matcher(line);
                if (row.matches()) {
                    SortedSet<String> labels =
                            new TreeSet<>(List.of(row.group(3).split("[, ]+")));
                    labels.remove("");
                    families.put(row.group(1), new Family(row.group(2), labels));
                } else if (line.startsWith("| `")) {
                    throw new IllegalArgumentException("docs/metrics.md has a row of another form: " + line);
                }
            }
            return families;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Those of a family whose name passes. */
    public static SortedMap<String, Family> only(SortedMap<String, Family> families, Predicate<String> name) {
        SortedMap<String, Family> some = new TreeMap<>(families);
        some.keySet().removeIf(name.negate());
        return some;
    }

    /**
     * The name of a metric, in the code or in a scrape, without what the units and types of Prometheus add to it: the same for both.
     */
    public static String stem(String name) {
        return name.replace('.', '_').replaceAll("(_seconds|_bytes|_total|_max)+$", "");
    }
}
