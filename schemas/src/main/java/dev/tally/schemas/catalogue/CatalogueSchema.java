package dev.tally.schemas.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The JSON Schema (draft 2020-12) of catalogue files, for editors. It knows the form; the rules are {@link CatalogueRules}'. */
public final class CatalogueSchema {

    private CatalogueSchema() {}

    /** The text of the schema. */
    public static String text() {
        try (InputStream in = CatalogueSchema.class.getResourceAsStream("/catalogue.schema.json")) {
            if (in == null) {
                throw new IllegalStateException("no resource catalogue.schema.json");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
