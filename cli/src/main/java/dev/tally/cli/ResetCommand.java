package dev.tally.cli;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.app.Reset;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tally reset}: gives up streams-app's state, so that it is made again from the log; bills nothing twice. */
@Command(
        name = "reset",
        description = "Gives up streams-app's state; its next start counts the whole log again. Bills nothing twice.",
        mixinStandardHelpOptions = true)
final class ResetCommand implements Callable<Integer> {

    @Mixin
    private Servers servers = new Servers();

    @Option(
            names = "--application-id",
            defaultValue = "tally",
            description = "Group of streams-app (default: ${DEFAULT-VALUE}).")
    private String applicationId = "tally";

    @Option(names = "--execute", description = "Does it; without it only tells what would be done.")
    private boolean execute;

    @Override
    public Integer call() {
        try (Admin admin = servers.admin()) {
            Topics topics = servers.topics(admin);
            Reset reset = new Reset(admin, servers.client(), topics, applicationId);
            int members = reset.members();
            if (members > 0) {
                System.out.println("group " + applicationId + " has " + members
                        + " members: stop all instances of streams-app, and wait for their session time-out (10 s)");
                return Exit.NO;
            }
            Set<String> changelogs = reset.changelogs();
            Map<Integer, Long> cut = new TreeMap<>(reset.beginnings());
            cut.values().removeIf(offset -> offset == 0);
            System.out.println((execute ? "deleting " : "would delete ") + changelogs.size() + " changelogs of "
                    + applicationId + ", and count " + topics.actions() + " from its beginning");
            if (!cut.isEmpty()) {
                System.out.println(
                        "the log begins at offsets " + cut + ": billing periods that began before its oldest"
                                + " records are counted in part only, and bill nothing new until the count passes what was billed");
            }
            if (execute) {
                reset.run();
                System.out.println("done: start streams-app");
            }
            return Exit.DONE;
        }
    }
}
