package dev.tally.cli;

import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tally catalog apply} and {@code diff}. */
@Command(
        name = "catalog",
        description = "Applies a catalogue file, or compares with it.",
        mixinStandardHelpOptions = true)
final class CatalogCommand {

    /** The file name that stands for the demo catalogue. */
    static final String DEMO = "demo";

    @Command(
            name = "apply",
            description = "Validates a whole catalogue file, then publishes what differs from the topics.",
            mixinStandardHelpOptions = true)
    int apply(
            @Mixin Servers servers,
            @Parameters(paramLabel = "FILE", description = "YAML file; 'demo' for the demo catalogue.") String file) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            CatalogueTopics topics = new CatalogueTopics(servers, serdes, servers.topics(admin));
            Catalogue wanted = read(file, topics);
            int sent = topics.publish(topics.changes(wanted));
            System.out.println(sent == 0 ? "nothing to change" : sent + " records published");
        }
        return Exit.DONE;
    }

    @Command(
            name = "diff",
            description = "Shows what apply would publish; exit code 1 if anything.",
            mixinStandardHelpOptions = true)
    int diff(
            @Mixin Servers servers,
            @Parameters(paramLabel = "FILE", description = "YAML file; 'demo' for the demo catalogue.") String file) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics names = servers.topics(admin);
            CatalogueTopics topics = new CatalogueTopics(servers, serdes, names);
            var changes = topics.changes(read(file, topics));
            changes.forEach(
                    change -> System.out.println((change.isNew() ? "+ " : "~ ") + change.topic() + " " + change.key()));
            return changes.isEmpty() ? Exit.DONE : Exit.NO;
        }
    }

    private static Catalogue read(String file, CatalogueTopics topics) {
        try {
            return CatalogueFile.parse(text(file), file, topics.existing());
        } catch (CatalogueException e) {
            throw new Exit(Exit.USAGE, "nothing was sent:\n  " + String.join("\n  ", e.problems()));
        }
    }

    static String text(String file) {
        try {
            if (file.equals(DEMO)) {
                try (InputStream in = CatalogCommand.class.getResourceAsStream("/demo-catalogue.yaml")) {
                    if (in == null) {
                        throw new IllegalStateException("no resource demo-catalogue.yaml");
                    }
                    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                }
            }
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new Exit(Exit.USAGE, "cannot read " + file + ": " + e.getMessage());
        }
    }
}
