package dev.tally.cli;

import dev.tally.cli.publish.ActionPublisher;
import dev.tally.cli.stack.DemoTraffic;
import dev.tally.schemas.serde.RecordSerdes;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tally demo}: the traffic that {@code tally up} makes, for a stack that something else has started. */
@Command(
        name = "demo",
        description = "Publishes a few actions a second of the demo catalogue's subjects, until it is stopped.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {

    @Mixin
    private Servers servers = new Servers();

    @Override
    public Integer call() {
        CountDownLatch done = new CountDownLatch(1);
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes();
                ActionPublisher publisher =
                        new ActionPublisher(servers.client(), serdes, servers.topics(admin), false).quiet()) {
            DemoTraffic traffic = new DemoTraffic(publisher, servers.clock());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(traffic, done), "shutdown"));
            traffic.run();
            return Exit.DONE;
        } finally {
            done.countDown();
        }
    }

    /** So that what was published last arrives. */
    private static void stopAndWait(DemoTraffic traffic, CountDownLatch done) {
        traffic.stop();
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
