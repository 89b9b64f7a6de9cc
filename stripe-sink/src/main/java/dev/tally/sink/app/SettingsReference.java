package dev.tally.sink.app;

import org.apache.kafka.common.config.ConfigDef;

/** The settings of stripe-sink with their documentation, for whoever starts or documents it. */
public final class SettingsReference {

    private SettingsReference() {}

    /** All settings, with types, defaults and meaning. */
    public static ConfigDef definition() {
        return SinkSettings.definition();
    }
}
