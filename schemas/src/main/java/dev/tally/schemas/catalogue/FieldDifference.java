package dev.tally.schemas.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/**
 * A field in which two records of a kind differ, for people to read.
 *
 * @param path e.g. {@code limits[0].amount}
 * @param before its value in the one, as catalogue files write it
 * @param after its value in the other
 */
public record FieldDifference(String path, String before, String after) {

    private static final String ABSENT = "(none)";

    static List<FieldDifference> between(IndexedRecord before, IndexedRecord after) {
        List<FieldDifference> found = new ArrayList<>();
        compareRecords("", before, after, found);
        return found;
    }

    private static void compareRecords(
            String path, IndexedRecord before, IndexedRecord after, List<FieldDifference> found) {
        for (Schema.Field field : before.getSchema().getFields()) {
            String at = path.isEmpty() ? field.name() : path + "." + field.name();
            compare(at, before.get(field.pos()), after.get(field.pos()), found);
        }
    }

    private static void compare(
            String path, @Nullable Object before, @Nullable Object after, List<FieldDifference> found) {
        if (Objects.equals(before, after)) {
            return;
        }
        if (before instanceof IndexedRecord one && after instanceof IndexedRecord other) {
            compareRecords(path, one, other, found);
        } else if (before instanceof List<?> one && after instanceof List<?> other) {
            for (int i = 0; i < Math.max(one.size(), other.size()); i++) {
                compare(path + "[" + i + "]", itemOf(one, i), itemOf(other, i), found);
            }
        } else if (before instanceof Map<?, ?> one && after instanceof Map<?, ?> other) {
            TreeSet<Object> keys = new TreeSet<>(one.keySet());
            keys.addAll(other.keySet());
            keys.forEach(
                    key -> compare(path + "." + escaped(String.valueOf(key)), one.get(key), other.get(key), found));
        } else {
            found.add(new FieldDifference(path, text(before), text(after)));
        }
    }

    private static @Nullable Object itemOf(List<?> list, int index) {
        return index < list.size() ? list.get(index) : null;
    }

    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> ABSENT;
            case IndexedRecord one ->
                one.getSchema().getFields().stream()
                        .filter(field -> !isEmpty(one.get(field.pos())))
                        .map(field -> field.name() + ": " + text(one.get(field.pos())))
                        .collect(Collectors.joining(", ", "{", "}"));
            case List<?> list -> list.stream().map(FieldDifference::text).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map ->
                new TreeMap<>(map)
                        .entrySet().stream()
                                .map(entry -> escaped(String.valueOf(entry.getKey())) + ": " + text(entry.getValue()))
                                .collect(Collectors.joining(", ", "{", "}"));
            case CharSequence string -> "\"" + escaped(string.toString()) + "\"";
            default -> value.toString();
        };
    }

    private static boolean isEmpty(@Nullable Object value) {
        return value == null
                || (value instanceof List<?> list && list.isEmpty())
                || (value instanceof Map<?, ?> map && map.isEmpty());
    }

    /** A terminal must not obey what stands in a record. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (Character.isISOControl(c)) {
                escaped.append("\\u%04x".formatted(c));
            } else {
                escaped.appendCodePoint(c);
            }
        });
        return escaped.toString();
    }
}
