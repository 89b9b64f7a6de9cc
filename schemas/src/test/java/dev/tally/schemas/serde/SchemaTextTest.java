package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.testing.ContractRecords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

final class SchemaTextTest {

    @Test
    void shouldBeTheTextOfTheFile() throws IOException {
        int compared = 0;
        for (SpecificRecord record : ContractRecords.all()) {
            String file =
                    Files.readString(Path.of("src/main/avro", record.getSchema().getName() + ".avsc"));
            String plain = SchemaText.plain(record.getSchema());

            assertThat(plain).doesNotContain("avro.java.string");
            assertThat(new Schema.Parser().parse(plain).toString()).isEqualTo(plain);
            if (!file.contains("\"dev.tally.schemas.")) {
                assertThat(plain).isEqualTo(new Schema.Parser().parse(file).toString());
                compared++;
            }
        }
        assertThat(compared).isGreaterThanOrEqualTo(10);
    }
}
