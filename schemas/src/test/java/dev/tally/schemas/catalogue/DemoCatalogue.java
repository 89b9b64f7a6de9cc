package dev.tally.schemas.catalogue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The demo catalogue and the examples in its comments. */
final class DemoCatalogue {

    /** What the lines of the examples begin with. */
    private static final String EXAMPLE = "#| ";

    private DemoCatalogue() {}

    static final Path FILE = Path.of("../cli/src/main/resources/demo-catalogue.yaml");

    static String text() {
        try {
            return Files.readString(FILE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Catalogue catalogue() throws CatalogueException {
        return CatalogueFile.parse(text(), "demo");
    }

    /** The examples as a file of their own. */
    static String examples() {
        return text().lines()
                .filter(line -> line.startsWith(EXAMPLE))
                .map(line -> line.substring(EXAMPLE.length()))
                .collect(Collectors.joining("\n"));
    }
}
