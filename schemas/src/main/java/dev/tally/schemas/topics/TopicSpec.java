package dev.tally.schemas.topics;

import java.util.Map;

/**
 * A topic as Tally needs it.
 *
 * @param name full name, with the prefix
 * @param partitions number of partitions
 * @param configs topic settings that matter; others stay the broker's
 */
public record TopicSpec(String name, int partitions, Map<String, String> configs) {

    public TopicSpec {
        configs = Map.copyOf(configs);
    }
}
