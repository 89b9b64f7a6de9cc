package dev.tally.e2e;

import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.junit.jupiter.api.Test;

/** The broker contract on a real broker in this JVM: runs everywhere. */
class EmbeddedBrokerTest {

    @Test
    @SuppressWarnings("try") // its close may be interrupted, then the test fails
    void shouldHoldOnABrokerInThisJvm() throws Exception {
        try (KafkaClusterTestKit broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "4")
                .build()) {
            broker.format();
            broker.startup();
            broker.waitForReadyBrokers();

            new BrokerContract(broker.bootstrapServers()).assertHolds();
        }
    }
}
