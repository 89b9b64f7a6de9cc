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
        String clock,
        int actionsPartitions,
        int subjectPartitions) {

    /** What {@code up} itself decides, and the options that do so. */
    private static final Map<String, String> DECIDED = Map.of(
            CommonSettings.BOOTSTRAP_SERVERS,
            "--kafka-port",
            CommonSettings.SCHEMA_REGISTRY_URL,
            "--registry-port",
            "http.port",
            "--http-port and --sink-port");

    /**
     * Gives each app its settings.
     *
     * @param environment variables that the apps will see
     * @throws SettingsException with every problem of all settings
     */
    static AppSettings route(Map<String, String> given, Map<String, String> environment) {
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
                // The loader says what was probably meant.
                collect(problems, () -> SettingsLoader.load(appKeys, Map.of(), Map.of(), Map.of(key, value)));
            }
            if (DECIDED.containsKey(key)) {
                problems.add(key + " is decided by " + DECIDED.get(key));
            }
        });
        collect(problems, () -> SettingsLoader.load(sinkKeys, appKeys.names(), Map.of(), environment, sink));
        collect(problems, () -> new MeteringSettings(load(appKeys, sinkKeys, environment, app)));
        if (!problems.isEmpty()) {
            throw new SettingsException(List.copyOf(problems));
        }
        ParsedSettings parsed = load(appKeys, sinkKeys, environment, app);
        return new AppSettings(
                app,
                sink,
                parsed.string(CommonSettings.TOPIC_PREFIX),
                parsed.string(CommonSettings.CLOCK),
                parsed.integer(CommonSettings.ACTIONS_PARTITIONS),
                parsed.integer(CommonSettings.SUBJECT_PARTITIONS));
    }

    private static ParsedSettings load(
            ConfigDef own, ConfigDef other, Map<String, String> environment, Map<String, String> given) {
        return SettingsLoader.load(own, other.names(), Map.of(), environment, given);
    }

    private static void collect(Set<String> problems, Runnable check) {
        try {
            check.run();
        } catch (SettingsException e) {
            problems.addAll(new ArrayList<>(e.problems()));
        }
    }
}
