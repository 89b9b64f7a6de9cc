package dev.tally.cli;

import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueDiff;
import dev.tally.schemas.catalogue.CatalogueDiff.Kind;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.schemas.catalogue.CatalogueSchema;
import dev.tally.schemas.serde.RecordSerdes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tally catalog apply}, {@code diff} and {@code schema}. */
@Command(
        name = "catalog",
        description = "Applies a catalogue file, or compares with it.",
        mixinStandardHelpOptions = true)
final class CatalogCommand {

    /** The file name that stands for the demo catalogue. */
    static final String DEMO = "demo";

    @Command(
            name = "apply",
            description =
                    "Validates a whole catalogue file, then publishes what differs from the topics. What is only on the"
                            + " topics stays there.",
            mixinStandardHelpOptions = true)
    int apply(
            @Mixin Servers servers,
            @Option(
                            names = "--only-missing",
                            description =
                                    "Publishes only what the topics do not have; what differs stays as it is there.")
                    boolean onlyMissing,
            @Parameters(paramLabel = "FILE", description = "YAML file; 'demo' for the demo catalogue.") String file) {
        String yaml = text(file);
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            CatalogueTopics topics = new CatalogueTopics(servers, serdes, servers.topics(admin));
            Catalogue published = topics.existing();
            Catalogue wanted = onlyMissing
                    ? CatalogueFile.parseToCompare(yaml, file, published)
                    : CatalogueFile.parse(yaml, file, published);
            List<CatalogueDiff.Entry> changes = CatalogueDiff.between(wanted, published).toPublish().stream()
                    .filter(change -> !onlyMissing || change.kind() == Kind.ADDED)
                    .toList();
            int sent = topics.publish(changes);
            System.out.println(sent == 0 ? "nothing to change" : sent + " records published");
            return Exit.DONE;
        } catch (CatalogueException e) {
            throw refused(e);
        }
    }

    @Command(
            name = "diff",
            description = {
                "Shows how a catalogue file differs from the topics, in the lists that the file has: + only in the file,"
                        + " ~ other content, ! other content of what never changes (apply refuses it), - only on the"
                        + " topics (apply leaves it there).",
                "Exit code 1 if apply would have anything to publish or to refuse."
            },
            mixinStandardHelpOptions = true)
    int diff(
            @Mixin Servers servers,
            @Option(names = "--exact", description = "What is only on the topics counts as a difference too.")
                    boolean exact,
            @Parameters(paramLabel = "FILE", description = "YAML file; 'demo' for the demo catalogue.") String file) {
        String yaml = text(file);
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Catalogue published = new CatalogueTopics(servers, serdes, servers.topics(admin)).existing();
            CatalogueDiff diff = CatalogueDiff.between(CatalogueFile.parseToCompare(yaml, file, published), published);
            diff.entries().forEach(CatalogCommand::print);
            System.out.println(summary(diff));
            return (exact ? diff.entries() : diff.toPublish()).isEmpty() ? Exit.DONE : Exit.NO;
        } catch (CatalogueException e) {
            throw refused(e);
        }
    }

    @Command(
            name = "schema",
            description = "Prints the JSON Schema of catalogue files, for editors.",
            mixinStandardHelpOptions = true)
    int schema() {
        System.out.print(CatalogueSchema.text());
        return Exit.DONE;
    }

    private static void print(CatalogueDiff.Entry entry) {
        String sign = switch (entry.kind()) {
            case ADDED -> "+ ";
            case CHANGED -> "~ ";
            case CONFLICT -> "! ";
            case ONLY_PUBLISHED -> "- ";
        };
        System.out.println(sign + entry.list() + " " + entry.key()
                + entry.conflict().map(why -> ": " + why).orElse(""));
        entry.fields()
                .forEach(field ->
                        System.out.println("    " + field.path() + ": " + field.before() + " -> " + field.after()));
    }

    private static String summary(CatalogueDiff diff) {
        return "%d to add, %d to change, %d that cannot be changed, %d only on the topics"
                .formatted(
                        diff.count(Kind.ADDED),
                        diff.count(Kind.CHANGED),
                        diff.count(Kind.CONFLICT),
                        diff.count(Kind.ONLY_PUBLISHED));
    }

    private static Exit refused(CatalogueException e) {
        return new Exit(Exit.USAGE, "nothing was sent:\n  " + String.join("\n  ", e.problems()));
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
        } catch (NoSuchFileException e) {
            throw new Exit(Exit.USAGE, "no such file: " + file);
        } catch (CharacterCodingException e) {
            throw new Exit(Exit.USAGE, file + " is not text in UTF-8");
        } catch (IOException e) {
            throw new Exit(Exit.USAGE, "cannot read " + file + ": " + e.getMessage());
        }
    }
}
