package dev.tally.settings;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of a process.
 *
 * @param config properties file, or null
 * @param overrides settings of {@code --set}
 * @param help whether help was asked for
 */
public record Arguments(@Nullable Path config, Map<String, String> overrides, boolean help) {

    public Arguments {
        overrides = Map.copyOf(overrides);
    }

    /**
     * The properties file's content, in UTF-8; empty without a file.
     *
     * @throws SettingsException when the file cannot be read
     */
    public Map<String, String> file() {
        if (config == null) {
            return Map.of();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(config)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw unreadable("--config: no such file: " + config, e);
        } catch (IOException | IllegalArgumentException e) {
            throw unreadable("--config: cannot read " + config + ": " + e.getMessage(), e);
        }
        Map<String, String> file = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> file.put(key, properties.getProperty(key)));
        return file;
    }

    private static SettingsException unreadable(String problem, Exception cause) {
        SettingsException exception = new SettingsException(List.of(problem));
        exception.initCause(cause);
        return exception;
    }
}
