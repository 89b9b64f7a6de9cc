package dev.tally.settings;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The command line of both apps: {@code --config FILE}, {@code --set key=value} (repeatable), {@code --help}. */
public final class CommandLine {

    /** What a process prints for {@code --help} and after bad usage. */
    public static final String USAGE = "options: --config FILE, --set KEY=VALUE (repeatable), --help";

    private CommandLine() {}

    /** @throws SettingsException with every bad argument */
    public static Arguments parse(String[] args) {
        List<String> problems = new ArrayList<>();
        Map<String, String> overrides = new TreeMap<>();
        @Nullable Path config = null;
        boolean help = false;
        for (int i = 0; i < args.length; i++) {
            String name = args[i];
            switch (name) {
                case "--help", "-h" -> help = true;
                case "--config", "--set" -> {
                    if (i + 1 == args.length) {
                        problems.add(name + " needs a value; " + USAGE);
                    } else if (name.equals("--set")) {
                        override(args[++i], overrides, problems);
                    } else {
                        config = path(args[++i], problems);
                    }
                }
                default -> {
                    if (name.startsWith("--set=")) {
                        override(name.substring("--set=".length()), overrides, problems);
                    } else if (name.startsWith("--config=")) {
                        config = path(name.substring("--config=".length()), problems);
                    } else {
                        problems.add("unknown argument " + name + "; " + USAGE);
                    }
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        return new Arguments(config, overrides, help);
    }

    private static void override(String text, Map<String, String> overrides, List<String> problems) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            problems.add("--set takes key=value, not '" + text + "'");
        } else {
            overrides.put(
                    text.substring(0, equals).trim(), text.substring(equals + 1).trim());
        }
    }

    private static @Nullable Path path(String text, List<String> problems) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            problems.add("--config: " + e.getMessage());
            return null;
        }
    }
}
