package dev.tally.cli;

import dev.tally.schemas.topics.Topics;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Records kept aside: {@code tally dead-letters list} and {@code tally late list}. */
final class AsideCommand {

    private AsideCommand() {}

    /** {@code tally dead-letters}. */
    @Command(
            name = "dead-letters",
            description = "Inputs that could not be read or break a rule.",
            mixinStandardHelpOptions = true)
    static final class DeadLettersCommand {
        @Command(name = "list", description = "Lists them with their reasons.", mixinStandardHelpOptions = true)
        int list(@Mixin Servers servers, @Option(names = "--limit", defaultValue = "1000") long limit) {
            try (Admin admin = servers.admin()) {
                Topics topics = servers.topics(admin);
                return print(servers, topics.deadLetters(), limit);
            }
        }
    }

    /** {@code tally late}. */
    @Command(name = "late", description = "Actions that came too late to be counted.", mixinStandardHelpOptions = true)
    static final class LateCommand {
        @Command(name = "list", description = "Lists them.", mixinStandardHelpOptions = true)
        int list(@Mixin Servers servers, @Option(names = "--limit", defaultValue = "1000") long limit) {
            try (Admin admin = servers.admin()) {
                Topics topics = servers.topics(admin);
                return print(servers, topics.lateActions(), limit);
            }
        }
    }

    private static int print(Servers servers, String topic, long limit) {
        long[] seen = {0};
        servers.reader().readAll(topic, record -> {
            if (seen[0]++ < limit) {
                System.out.printf(
                        "%s %s-%s@%s %d bytes: %s%n",
                        header(record, "tally.reason"),
                        header(record, "tally.topic"),
                        header(record, "tally.partition"),
                        header(record, "tally.offset"),
                        record.value() == null ? 0 : record.value().length,
                        header(record, "tally.detail"));
            }
        });
        System.out.printf("%,d records%n", seen[0]);
        return Exit.DONE;
    }

    /** A header's text, without what could steer a terminal. */
    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null
                ? "-"
                : new String(header.value(), StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    }
}
