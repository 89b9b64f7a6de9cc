package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.testcontainers.DockerClientFactory;

/** Where Docker is promised, the container tests must not pass by being skipped. */
@EnabledIfEnvironmentVariable(named = "REQUIRE_DOCKER", matches = "1")
class DockerExpectedE2E {

    @Test
    void shouldFindDocker() {
        assertThat(DockerClientFactory.instance().isDockerAvailable()).isTrue();
    }
}
