package dev.tally.cli;

import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.Topics;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tally topics apply} and {@code check}. */
@Command(name = "topics", description = "Creates Tally's topics, or reports drift.", mixinStandardHelpOptions = true)
final class TopicsCommand {

    @Command(name = "apply", description = "Creates the topics that are missing.", mixinStandardHelpOptions = true)
    int apply(
            @Mixin Servers servers,
            @Option(names = "--actions-partitions", defaultValue = "6") int actionsPartitions,
            @Option(names = "--subject-partitions", defaultValue = "6") int subjectPartitions,
            @Option(names = "--replication-factor", defaultValue = "1") short replicationFactor) {
        try (Admin admin = servers.admin()) {
            Topics topics = new Topics(servers.prefix(), actionsPartitions, subjectPartitions, servers.hasTestClock());
            List<String> created = new TopicAdmin(admin).apply(topics.all(), replicationFactor);
            created.forEach(topic -> System.out.println("created " + topic));
            System.out.println(created.isEmpty() ? "all topics are there" : created.size() + " topics created");
        }
        return Exit.DONE;
    }

    @Command(
            name = "check",
            description = "Reports topics that are missing or differ; exit code 1 if any does.",
            mixinStandardHelpOptions = true)
    int check(
            @Mixin Servers servers,
            @Option(names = "--actions-partitions", defaultValue = "6") int actionsPartitions,
            @Option(names = "--subject-partitions", defaultValue = "6") int subjectPartitions) {
        try (Admin admin = servers.admin()) {
            Topics topics = new Topics(servers.prefix(), actionsPartitions, subjectPartitions, servers.hasTestClock());
            List<TopicAdmin.Drift> drifts = new TopicAdmin(admin).check(topics.all());
            drifts.forEach(drift -> System.out.printf(
                    "%s: %s should be %s, is %s%n", drift.topic(), drift.what(), drift.expected(), drift.actual()));
            if (drifts.isEmpty()) {
                System.out.println("no drift");
            }
            return drifts.isEmpty() ? Exit.DONE : Exit.NO;
        }
    }
}
