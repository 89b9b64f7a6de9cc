package dev.tally.e2e;

import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;

/** The broker contract on the official image: runs where Docker is, and is reported as skipped where it is not. */
@Testcontainers(disabledWithoutDocker = true)
class KafkaContainerE2E {

    @Container
    private static final KafkaContainer KAFKA =
            new KafkaContainer("apache/kafka:4.3.1").withEnv("KAFKA_HEAP_OPTS", "-Xms128m -Xmx384m");

    @Test
    void shouldHoldOnTheOfficialImage() {
        new BrokerContract(KAFKA.getBootstrapServers()).assertHolds();
    }
}
