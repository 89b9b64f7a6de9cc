package dev.tally.cli;

import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsException;
import dev.tally.settings.SettingsLoader;
import dev.tally.sink.app.SettingsReference;
import dev.tally.streams.app.MeteringSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;

/** The settings given to {@code up}, each for the app that knows it. */
record AppSettings(
        Map<String, String> app,
        Map<String, String> sink,
        String prefix,
        int actionsPartitions,
        int subjectPartitions) {

    /** @throws SettingsException with every problem of all settings */
    static AppSettings route(Map<String, String> given) {
        ConfigDef appKeys = MeteringSettings.define();
        ConfigDef sinkKeys = SettingsReference.definition();
        Map<String, String> app = new LinkedHashMap<>();
        Map<String, String> sink = new LinkedHashMap<>();
        Set<String> problems = new LinkedHashSet<>();
        given.forEach((key, value) -> {
            boolean kafka = key.startsWith(SettingsLoader.KAFKA);
            if (kafka || appKeys.names().contains(key)) {
                app.put(key, value);
            }
            if (kafka || sinkKeys.names().contains(key)) {
                sink.put(key, value);
            }
            if (!app.containsKey(key) && !sink.containsKey(key)) {
                problems.add("unknown setting " + key);
            }
        });
        collect(problems, () -> SettingsLoader.load(sinkKeys, Map.of(), Map.of(), sink));
        collect(problems, () -> new MeteringSettings(SettingsLoader.load(appKeys, Map.of(), Map.of(), app)));
        if (!problems.isEmpty()) {
            throw new SettingsException(List.copyOf(problems));
        }
        ParsedSettings parsed = SettingsLoader.load(appKeys, Map.of(), Map.of(), app);
        return new AppSettings(
                app,
                sink,
                parsed.string(CommonSettings.TOPIC_PREFIX),
                parsed.integer(CommonSettings.ACTIONS_PARTITIONS),
                parsed.integer(CommonSettings.SUBJECT_PARTITIONS));
    }

    private static void collect(Set<String> problems, Runnable check) {
        try {
            check.run();
        } catch (SettingsException e) {
            problems.addAll(new ArrayList<>(e.problems()));
        }
    }
}
