package dev.tally.streams.app;

import dev.tally.settings.Arguments;
import dev.tally.settings.CommandLine;
import dev.tally.settings.SettingsException;
import dev.tally.settings.SettingsLoader;

/** Starts streams-app. Exit codes: 0 stopped as asked, 1 failed, 2 bad settings. */
public final class Main {

    private Main() {}

    /** {@code --config FILE}, {@code --set key=value}; {@code TALLY_…} in the environment. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    private static int run(String[] args) {
        MeteringSettings settings;
        try {
            Arguments arguments = CommandLine.parse(args);
            if (arguments.help()) {
                System.out.println(CommandLine.USAGE);
                return 0;
            }
            settings = new MeteringSettings(SettingsLoader.load(
                    MeteringSettings.define(),
                    OtherSettings.OF_STRIPE_SINK,
                    arguments.file(),
                    System.getenv(),
                    arguments.overrides()));
        } catch (SettingsException e) {
            e.problems().forEach(problem -> System.err.println("settings: " + problem));
            return 2;
        }
        try (Lifecycle lifecycle = new Lifecycle(settings, settings.clock())) {
            return lifecycle.run();
        }
    }
}
