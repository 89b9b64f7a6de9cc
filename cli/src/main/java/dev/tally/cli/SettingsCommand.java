package dev.tally.cli;

import dev.tally.settings.SettingsTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code tally settings}: the reference of all settings, as Markdown. */
@Command(
        name = "settings",
        description = "Prints the reference of all settings as Markdown.",
        mixinStandardHelpOptions = true)
final class SettingsCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        System.out.println("#### streams-app\n");
        System.out.println(SettingsTable.markdown(dev.tally.streams.app.MeteringSettings.define()));
        System.out.println("#### stripe-sink\n");
        System.out.println(SettingsTable.markdown(dev.tally.sink.app.SettingsReference.definition()));
        return Exit.DONE;
    }
}
