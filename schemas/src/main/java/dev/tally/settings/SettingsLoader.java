package dev.tally.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;

/**
 * Brings settings together: defaults, then the properties file, then the environment ({@code TALLY_…}, dots as underscores), then
 * {@code --set}; the later wins. Keys under {@code kafka.} pass through to every Kafka client. Any other unknown key is a problem,
 * and all problems are reported at once.
 */
public final class SettingsLoader {

    /** Prefix of the keys that are handed to every Kafka client. */
    public static final String KAFKA = "kafka.";

    private static final String ENVIRONMENT = "TALLY_";
    /** Kubernetes sets these for a service whose name starts with "tally" (service links). */
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "TALLY_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

    private SettingsLoader() {}

    /** @throws SettingsException with every problem */
    public static ParsedSettings load(
            ConfigDef def, Map<String, String> file, Map<String, String> environment, Map<String, String> overrides) {
        return load(def, Set.of(), file, environment, overrides);
    }

    /**
     * As {@link #load(ConfigDef, Map, Map, Map)}; {@code foreignKeys} are settings of Tally's other processes, which may stand in
     * the same file, environment or command line and are left alone.
     *
     * @throws SettingsException with every problem
     */
    public static ParsedSettings load(
            ConfigDef def,
            Set<String> foreignKeys,
            Map<String, String> file,
            Map<String, String> environment,
            Map<String, String> overrides) {
        List<String> problems = new ArrayList<>();
        Map<String, String> given = new TreeMap<>(file);
        given.putAll(fromEnvironment(def, foreignKeys, environment, problems));
        given.putAll(overrides);

        Map<String, String> own = new TreeMap<>();
        Map<String, String> kafka = new HashMap<>();
        given.forEach((key, value) -> {
            if (def.names().contains(key)) {
                own.put(key, value);
            } else if (key.startsWith(KAFKA) && key.length() > KAFKA.length()) {
                kafka.put(key.substring(KAFKA.length()), value);
            } else if (!foreignKeys.contains(key)) {
                problems.add("unknown setting " + key + Suggestions.forKey(key, def.names()));
            }
        });
        for (ConfigValue value : def.validate(own)) {
            // The first message is the cause; further ones only complain of the value that could not be read.
            value.errorMessages().stream().findFirst().ifPresent(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        return new ParsedSettings(def.parse(own), kafka);
    }

    /** The name of the environment variable of a setting, e.g. {@code TALLY_LATENESS_HORIZON}. */
    public static String environmentName(String key) {
        return ENVIRONMENT + key.toUpperCase(Locale.ROOT).replace('.', '_');
    }

    private static Map<String, String> fromEnvironment(
            ConfigDef def, Set<String> foreignKeys, Map<String, String> environment, List<String> problems) {
        Map<String, String> keyByName = new HashMap<>();
        foreignKeys.forEach(key -> keyByName.put(environmentName(key), key));
        def.names().forEach(key -> keyByName.put(environmentName(key), key));
        Map<String, String> found = new TreeMap<>();
        new TreeMap<>(environment).forEach((name, value) -> {
            if (!name.startsWith(ENVIRONMENT) || value.isEmpty()) {
                return;
            }
            String key = keyByName.get(name);
            if (key != null) {
                found.put(key, value);
            } else if (name.startsWith(environmentName(KAFKA))) {
                found.put(
                        name.substring(ENVIRONMENT.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            } else if (!isServiceLink(name, value)) {
                problems.add("unknown setting " + name + " in the environment");
            }
        });
        return found;
    }

    private static boolean isServiceLink(String name, String value) {
        return SERVICE_LINK.matcher(name).matches()
                || (name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches());
    }
}
