package dev.tally.cli.stack;

import dev.tally.cli.Exit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;

/** A real Kafka broker, KRaft, one node. */
final class Broker {

    private final StackOptions options;

    Broker(StackOptions options) {
        this.options = options;
    }

    static List<String> jvm() {
        return List.of(
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Dlogback.configurationFile=logback-child.xml",
                "-cp",
                System.getProperty("java.class.path"));
    }

    static Path configFile(StackOptions options) {
        return options.data().resolve("kafka").resolve("server.properties");
    }

    /** Writes the configuration, and formats the storage at first start. */
    void format() {
        Path data = options.data().resolve("kafka").resolve("data");
        try {
            Files.createDirectories(data);
            Files.writeString(configFile(options), properties(data, controllerPort()));
            if (!Files.exists(data.resolve("meta.properties"))) {
                ByteArrayOutputStream said = new ByteArrayOutputStream();
                int code = StorageTool.execute(
                        new String[] {
                            "format",
                            "--standalone",
                            "-t",
                            Uuid.randomUuid().toString(),
                            "-c",
                            configFile(options).toString()
                        },
                        new PrintStream(said, true, StandardCharsets.UTF_8));
                if (code != 0) {
                    throw new Exit(
                            Exit.USAGE,
                            "Kafka's storage cannot be formatted: " + said.toString(StandardCharsets.UTF_8));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot set up Kafka", e);
        }
    }

    /** The controller's port is part of the formatted storage, so it is chosen once. */
    private int controllerPort() throws IOException {
        Path file = options.data().resolve("kafka").resolve("controller.port");
        if (Files.exists(file)) {
            return Integer.parseInt(Files.readString(file).trim());
        }
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Files.writeString(file, Integer.toString(socket.getLocalPort()));
            return socket.getLocalPort();
        }
    }

    private String properties(Path data, int controllerPort) {
        return """
                process.roles=broker,controller
                node.id=1
                controller.quorum.bootstrap.servers=127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=4
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                transaction.state.log.num.partitions=4
                # A dead instance's open transaction holds back readers until it is aborted: look for such every second.
                transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
                group.initial.rebalance.delay.ms=0
                group.streams.initial.rebalance.delay.ms=0
                auto.create.topics.enable=false
                log.cleaner.dedupe.buffer.size=16777216
                """.formatted(
                        options.kafkaPort(), controllerPort, data.toString().replace("\\", "/"));
    }
}
