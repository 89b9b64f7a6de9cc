package dev.tally.e2e;

import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;

/** The broker contract on the official image: runs where Docker is, and is reported as skipped where it is not. */
@Testcontainers(disabledWithoutDocker = true)
class KafkaContainerE2E {

    /** Nobody else on the network can reach it, whatever the daemon's own rule. */
    private static final PortBinding ON_THIS_MACHINE_ONLY =
            new PortBinding(Ports.Binding.bindIp("127.0.0.1"), ExposedPort.tcp(9092));

    @Container
    private static final KafkaContainer KAFKA = new KafkaContainer("apache/kafka:4.3.1")
            .withEnv("KAFKA_HEAP_OPTS", "-Xms128m -Xmx384m")
            .withCreateContainerCmdModifier(
                    command -> Objects.requireNonNull(command.getHostConfig()).withPortBindings(ON_THIS_MACHINE_ONLY));

    @Test
    void shouldHoldOnTheOfficialImage() {
        new BrokerContract(KAFKA.getBootstrapServers()).assertHolds();
    }
}
