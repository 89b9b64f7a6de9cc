package dev.tally.schemas.catalogue;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads the fields of one YAML mapping. Whatever is wrong becomes a problem of the {@link YamlSource} and gives a stand-in value, so
 * that reading goes on and all problems are found at once.
 */
final class YamlFields {

    private final YamlSource source;
    private final Node node;
    private final String path;
    private final Map<String, Node> fields = new LinkedHashMap<>();
    private final Map<String, Node> unread = new LinkedHashMap<>();

    private YamlFields(YamlSource source, Node node, String path) {
        this.source = source;
        this.node = node;
        this.path = path;
    }

    /** Reads a mapping with {@code shape} and reports the fields it did not ask for; empty where the node is no mapping. */
    static <T> Optional<T> read(YamlSource source, Node node, String path, Function<YamlFields, T> shape) {
        source.locate(path, node);
        YamlFields fields = new YamlFields(source, node, path);
        if (!(node instanceof MappingNode mapping)) {
            source.unreadable(node, path, "must be a mapping of fields");
            return Optional.empty();
        }
        fields.take(mapping);
        T value = shape.apply(fields);
        fields.unread.forEach((name, key) -> source.surplus(key, fields.at(name), "there is no such field"));
        return Optional.of(value);
    }

    String path() {
        return path;
    }

    String string(String name) {
        return scalar(name).map(value -> stringOf(name, value)).orElseGet(() -> missing(name, ""));
    }

    @Nullable
    String optionalString(String name) {
        return scalar(name).map(value -> stringOf(name, value)).orElse(null);
    }

    String decimal(String name, @Nullable String otherwise) {
        Optional<ScalarNode> value = scalar(name);
        if (value.isPresent() && !value.get().getTag().equals(Tag.STR)) {
            source.unreadable(value.get(), at(name), "must be a decimal in quotes, such as \"2.50\"");
            return "0";
        }
        return value.map(ScalarNode::getValue).orElseGet(() -> otherwise == null ? missing(name, "0") : otherwise);
    }

    long number(String name) {
        return scalar(name).map(value -> numberOf(at(name), value)).orElseGet(() -> missing(name, 0L));
    }

    long number(String name, long otherwise) {
        return scalar(name).map(value -> numberOf(at(name), value)).orElse(otherwise);
    }

    @Nullable
    Long optionalNumber(String name) {
        return scalar(name).map(value -> numberOf(at(name), value)).orElse(null);
    }

    int integer(String name) {
        return narrowed(node, at(name), number(name));
    }

    @Nullable
    Integer optionalInteger(String name) {
        Long number = optionalNumber(name);
        return number == null ? null : narrowed(node, at(name), number);
    }

    Instant instant(String name) {
        return scalar(name).map(value -> instantOf(name, value)).orElseGet(() -> missing(name, Instant.EPOCH));
    }

    @Nullable
    Instant optionalInstant(String name) {
        return scalar(name).map(value -> instantOf(name, value)).orElse(null);
    }

    <E extends Enum<E>> E symbol(String name, Class<E> type, @Nullable E otherwise) {
        E first = type.getEnumConstants()[0];
        Optional<ScalarNode> value = scalar(name);
        if (value.isEmpty()) {
            return otherwise == null ? missing(name, first) : otherwise;
        }
        List<E> known = Arrays.stream(type.getEnumConstants())
                .filter(one -> !one.name().equals("UNKNOWN"))
                .toList();
        for (E one : known) {
            if (one.name().equals(value.get().getValue())) {
                return one;
            }
        }
        source.unreadable(
                value.get(),
                at(name),
                "must be one of " + known + ", not '" + value.get().getValue() + "'");
        return first;
    }

    List<String> strings(String name) {
        return list(name, List.of(), this::stringAt);
    }

    List<Integer> integers(String name, List<Integer> otherwise) {
        return list(name, otherwise, (item, at) -> {
            if (item instanceof ScalarNode scalar) {
                return Optional.of(narrowed(item, at, numberOf(at, scalar)));
            }
            source.unreadable(item, at, "must be a whole number");
            return Optional.empty();
        });
    }

    <T> List<T> records(String name, Function<YamlFields, T> shape) {
        return list(name, List.of(), (item, at) -> read(source, item, at, shape));
    }

    <T> @Nullable T record(String name, Function<YamlFields, T> shape) {
        Node value = given(name);
        return value == null ? null : read(source, value, at(name), shape).orElse(null);
    }

    Map<String, Long> numbersById(String name) {
        Node value = given(name);
        Map<String, Long> numbers = new TreeMap<>();
        if (value instanceof MappingNode mapping) {
            YamlFields entries = new YamlFields(source, value, at(name));
            entries.take(mapping);
            for (String id : List.copyOf(entries.fields.keySet())) {
                numbers.put(id, entries.number(id));
            }
        } else if (value != null) {
            source.unreadable(value, at(name), "must be a mapping of ids to amounts");
        }
        return numbers;
    }

    /** The items of a list; an item that gives no value is reported by {@code shape} and left out. */
    <T> List<T> list(String name, List<T> otherwise, BiFunction<Node, String, Optional<T>> shape) {
        Node value = given(name);
        if (value == null) {
            return otherwise;
        }
        List<T> items = new ArrayList<>();
        if (value instanceof SequenceNode sequence) {
            int index = 0;
            for (Node item : sequence.getValue()) {
                String at = at(name) + "[" + index++ + "]";
                source.locate(at, item);
                // Without one, those behind it have other places in the list than in the file.
                shape.apply(item, at).ifPresentOrElse(items::add, () -> source.markUnreadable(at(name)));
            }
        } else {
            source.unreadable(value, at(name), "must be a list");
        }
        return items;
    }

    private void take(MappingNode mapping) {
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                source.surplus(tuple.getKeyNode(), path, "a field name must be plain text");
            } else if (fields.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
                source.surplus(key, at(key.getValue()), "is given twice");
            } else {
                unread.put(key.getValue(), key);
                source.locate(at(key.getValue()), key);
            }
        }
    }

    private @Nullable Node given(String name) {
        unread.remove(name);
        Node value = fields.get(name);
        return value != null && value.getTag().equals(Tag.NULL) ? null : value;
    }

    private Optional<ScalarNode> scalar(String name) {
        Node value = given(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof ScalarNode scalar) {
            return Optional.of(scalar);
        }
        source.unreadable(value, at(name), "must be a single value");
        return Optional.of(new ScalarNode(Tag.STR, "", ScalarStyle.PLAIN));
    }

    private Optional<String> stringAt(Node item, String at) {
        if (item instanceof ScalarNode scalar && scalar.getTag().equals(Tag.STR)) {
            return Optional.of(scalar.getValue());
        }
        source.unreadable(item, at, "must be text; put it in quotes");
        return Optional.empty();
    }

    private String stringOf(String name, ScalarNode value) {
        return stringAt(value, at(name)).orElse("");
    }

    private long numberOf(String at, ScalarNode value) {
        if (value.getTag().equals(Tag.INT)) {
            try {
                return Long.parseLong(value.getValue());
            } catch (NumberFormatException e) {
                source.unreadable(value, at, "must be a whole number in decimal digits within 64 bits");
                return 0;
            }
        }
        source.unreadable(value, at, "must be a whole number, not '" + value.getValue() + "'");
        return 0;
    }

    private int narrowed(Node at, String path, long number) {
        if (number != (int) number) {
            source.unreadable(at, path, "must be within 32 bits");
            return 0;
        }
        return (int) number;
    }

    private Instant instantOf(String name, ScalarNode value) {
        try {
            Instant instant = Instant.parse(value.getValue());
            if (value.getValue().endsWith("Z") && instant.equals(instant.truncatedTo(ChronoUnit.MILLIS))) {
                return instant;
            }
        } catch (DateTimeException e) {
            source.unreadable(value, at(name), notAnInstant(value));
            return Instant.EPOCH;
        }
        source.unreadable(value, at(name), notAnInstant(value));
        return Instant.EPOCH;
    }

    private static String notAnInstant(ScalarNode value) {
        return "must be a time in UTC such as 2026-01-31T10:15:30Z, to the millisecond at most, not '"
                + value.getValue() + "'";
    }

    private <T> T missing(String name, T standIn) {
        source.unreadable(node, at(name), "is missing");
        return standIn;
    }

    private String at(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
