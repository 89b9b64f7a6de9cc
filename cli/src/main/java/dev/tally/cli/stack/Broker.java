package dev.tally.cli.stack;

import dev.tally.cli.Exit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;

/** A real Kafka broker, KRaft, one node. */
public final class Broker {

    private static final int FIRST_CONTROLLER_PORT = 29_093;
    private static final int CONTROLLER_PORTS = 2_000;

    private final StackOptions options;

    /** A broker that keeps its data where a stack does. */
    public Broker(StackOptions options) {
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

    /** The port chosen for the controller at first start, if there was one. */
    static OptionalInt rememberedControllerPort(Path data) {
        Path file = controllerFile(data);
        try {
            return Files.exists(file)
                    ? OptionalInt.of(Integer.parseInt(Files.readString(file).trim()))
                    : OptionalInt.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static Path controllerFile(Path data) {
        return data.resolve("kafka").resolve("controller.port");
    }

    /** The configuration that {@link #format} writes: the argument of {@code kafka.Kafka}. */
    public static Path configFile(StackOptions options) {
        return options.data().resolve("kafka").resolve("server.properties");
    }

    /** Writes the configuration, and formats the storage at first start. */
    public void format() {
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

    /**
     * The controller's port is part of the formatted storage, so it is chosen once; below the range from which systems give ports to
     * outgoing connections, so that it is free at the next start too.
     */
    private int controllerPort() throws IOException {
        OptionalInt remembered = rememberedControllerPort(options.data());
        if (remembered.isPresent()) {
            return remembered.getAsInt();
        }
        // Stacks in different folders begin to look at different ports, so that one does not take another's while that
        // is stopped.
        int begin = Math.floorMod(options.data().toAbsolutePath().normalize().hashCode(), CONTROLLER_PORTS);
        int port = IntStream.range(begin, begin + CONTROLLER_PORTS)
                .map(i -> FIRST_CONTROLLER_PORT + i % CONTROLLER_PORTS)
                .filter(LocalStack::isFree)
                .findFirst()
                .orElseThrow(() -> new Exit(Exit.USAGE, "no free port for Kafka's controller"));
        Files.writeString(controllerFile(options.data()), Integer.toString(port));
        return port;
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
                # State survives however long the stack rests: positions are kept, and topics keep what they do not say otherwise.
                offsets.retention.minutes=2147483647
                log.retention.ms=-1
                """.formatted(options.kafkaPort(), controllerPort, escaped(data));
    }

    /** A path as a value of a properties file, which is read as Latin-1. */
    private static String escaped(Path path) {
        StringBuilder escaped = new StringBuilder();
        path.toString().replace("\\", "/").chars().forEach(c -> {
            if (c < 0x7f) {
                escaped.append((char) c);
            } else {
                escaped.append("\\u%04x".formatted(c));
            }
        });
        return escaped.toString();
    }
}
