package dev.tally.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;

/** Writes a definition of settings as the Markdown table that the README carries. */
public final class SettingsTable {

    private SettingsTable() {}

    /** One row per setting in the order of definition; internal settings are left out. */
    public static String markdown(ConfigDef def) {
        StringBuilder table = new StringBuilder("| setting | default | what it does |\n|---|---|---|\n");
        for (ConfigDef.ConfigKey key : def.configKeys().values()) {
            if (!key.internalConfig) {
                table.append("| `")
                        .append(key.name)
                        .append("` | ")
                        .append(defaultOf(key))
                        .append(" | ");
                table.append(cell(key.documentation))
                        .append(valid(key.validator))
                        .append(" |\n");
            }
        }
        return table.toString();
    }

    private static String defaultOf(ConfigDef.ConfigKey key) {
        if (!key.hasDefault()) {
            return "required";
        }
        if (key.type == ConfigDef.Type.PASSWORD) {
            return "(hidden)";
        }
        String text = String.valueOf(key.defaultValue);
        return text.isEmpty() ? "(empty)" : "`" + cell(text) + "`";
    }

    private static String valid(ConfigDef.@Nullable Validator validator) {
        return validator == null ? "" : " (" + cell(validator.toString()) + ")";
    }

    private static String cell(@Nullable String text) {
        return text == null ? "" : text.replace("|", "\\|").replace('\n', ' ').trim();
    }
}
