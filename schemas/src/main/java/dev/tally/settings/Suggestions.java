package dev.tally.settings;

import java.util.Collection;
import java.util.Comparator;

/** Finds the setting that was probably meant. */
final class Suggestions {

    private Suggestions() {}

    static String forKey(String key, Collection<String> known) {
        return known.stream()
                .filter(name -> distance(key, name) <= 2)
                .min(Comparator.comparingInt((String name) -> distance(key, name))
                        .thenComparing(name -> name))
                .map(name -> "; did you mean " + name + "?")
                .orElse("");
    }

    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
