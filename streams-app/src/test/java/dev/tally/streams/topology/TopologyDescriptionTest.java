package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.streams.state.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The topology as operators and state know it. A change here orphans state or moves tasks: it needs a decision, not a new golden file. */
class TopologyDescriptionTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/topology.txt");

    @ParameterizedTest
    @EnumSource
    void shouldBeTheFrozenOne(Engine engine, @TempDir Path stateDir) throws IOException {
        try (RegistryFake registry = RegistryFake.start();
                RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()))) {
            // When
            String description = Pipeline.topology(serdes, engine)
                    .build(new TopologyConfig(new StreamsConfig(Pipeline.config(stateDir))))
                    .describe()
                    .toString();

            // Then
            if ("1".equals(System.getenv("GOLDEN_WRITE"))) {
                Files.writeString(GOLDEN, description);
            }
            assertThat(description).isEqualTo(Files.readString(GOLDEN));
        }
    }
}
