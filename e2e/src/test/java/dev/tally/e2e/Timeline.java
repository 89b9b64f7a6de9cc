package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.CatalogueTopics;
import dev.tally.cli.publish.ActionPublisher;
import dev.tally.clock.TestClock;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueDiff;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.schemas.serde.RecordSerdes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;

/** A stack that goes by a test clock, and the clock. */
final class Timeline implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration RESTARTED_WITHIN = Duration.ofMinutes(2);

    private final Path file;
    private final InstantSource clock;
    private final LocalStack stack;
    private final Wire wire;

    /**
     * Starts a stack at some time.
     *
     * @param options further options of {@code up}
     */
    Timeline(String name, Instant begin, String... options) {
        try {
            file = Files.createDirectories(Tally.ROOT
                            .resolve("e2e/target/clocks")
                            .resolve(name + "-" + ProcessHandle.current().pid()))
                    .resolve("clock");
            TestClock.set(file, begin);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        clock = TestClock.of(file.toString());
        List<String> all = new ArrayList<>(List.of("--set", "clock=" + file));
        all.addAll(List.of(options));
        stack = new LocalStack(name, all.toArray(String[]::new));
        wire = new Wire(stack, file.toString());
        try {
            stack.start();
        } catch (RuntimeException | Error e) {
            stack.close();
            throw e;
        }
    }

    LocalStack stack() {
        return stack;
    }

    Wire wire() {
        return wire;
    }

    /**
     * Moves time to an instant, which must not have been yet; it runs on from there. From then on this process sees it, and every process
     * of the stack within milliseconds.
     */
    void moveTo(String instant) {
        Instant to = Instant.parse(instant);
        assertThat(clock.instant()).as("the time that it is already").isBefore(to);
        try {
            TestClock.set(file, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !clock.instant().isBefore(to));
    }

    /** Moves time to just before an instant and lets it run on past that, as it does in production. */
    void passOver(String instant) {
        Instant to = Instant.parse(instant);
        moveTo(to.minusSeconds(1).toString());
        Awaitility.await()
                .pollInterval(Duration.ofMillis(50))
                .until(() -> clock.instant().isAfter(to));
    }

    /** Publishes the records of a catalogue file and waits until the subscriptions in it are in force. */
    void apply(String yaml) {
        try (Admin admin = wire.servers().admin();
                RecordSerdes serdes = wire.servers().serdes()) {
            CatalogueTopics topics =
                    new CatalogueTopics(wire.servers(), serdes, wire.servers().topics(admin));
            Catalogue before = topics.existing();
            Catalogue catalogue = CatalogueFile.parse(yaml, "scenario", before);
            topics.publish(CatalogueDiff.between(catalogue, before).toPublish());
            catalogue
                    .subscriptions()
                    .forEach(subscription ->
                            await(() -> wire.get(stack.app() + "/v1/subscriptions/" + subscription.getSubject())));
        } catch (CatalogueException e) {
            throw new AssertionError(String.join("\n", e.problems()), e);
        }
    }

    /**
     * Actions of one kind.
     *
     * @param at when they ran
     */
    record Actions(
            String idPrefix,
            int count,
            Instant at,
            int users,
            String user,
            @Nullable String org,
            long credits) {

        /** Of one user, each with as many credits. */
        static Actions of(String user, @Nullable String org, int count, long credits, String at) {
            return new Actions(user + "-" + at + "-", count, Instant.parse(at), 1, user, org, credits);
        }

        /** Of many users of an org, without credits. */
        static Actions ofOrg(String org, int count, String at) {
            return new Actions(org + "-" + at + "-", count, Instant.parse(at), 200, org, org, 0);
        }

        private ActionEvent event(int i) {
            return new ActionEvent(
                    idPrefix + i,
                    at,
                    users == 1 ? user : user + "-u" + i % users,
                    org,
                    null,
                    null,
                    "x",
                    Trigger.OTHER,
                    false,
                    credits == 0 ? Map.of() : Map.of("credits", credits),
                    null,
                    null);
        }

        /** The actions, numbered from 1. */
        Stream<ActionEvent> events() {
            return Stream.iterate(1, i -> i <= count, i -> i + 1).map(this::event);
        }
    }

    /** Publishes actions and waits until each is decided on: all have to be counted. */
    void publish(Actions... actions) {
        publish(Stream.of(actions).flatMap(Actions::events).toList());
    }

    /** Publishes actions in their order and waits until each is decided on: all have to be counted. */
    void publish(List<ActionEvent> actions) {
        long before = decided();
        long countedBefore = wire.conservation("counted");
        try (Admin admin = wire.servers().admin();
                RecordSerdes serdes = wire.servers().serdes();
                ActionPublisher publisher = new ActionPublisher(
                                wire.servers().client(), serdes, wire.servers().topics(admin), false)
                        .quiet()) {
            actions.forEach(publisher::send);
            publisher.finish();
        }
        long all = before + actions.size();
        await(() -> assertThat(decided()).isEqualTo(all));
        assertThat(wire.conservation("counted") - countedBefore).as("counted").isEqualTo(actions.size());
    }

    /** Moves time while the app, which was killed, is away; waits until it is back and knows all that it knew. */
    void moveToDuringACrash(String instant) {
        long before = decided();
        stack.kill9("streams-app");
        moveTo(instant);
        patient()
                .atMost(RESTARTED_WITHIN)
                .untilAsserted(() -> assertThat(decided()).isEqualTo(before));
    }

    private long decided() {
        return Stream.of("counted", "readOnly", "duplicate", "late", "deadLettered")
                .mapToLong(wire::conservation)
                .sum();
    }

    /** Waits until an assertion holds. */
    static void await(Runnable assertion) {
        patient().atMost(PATIENCE).untilAsserted(assertion::run);
    }

    private static ConditionFactory patient() {
        return Awaitility.await()
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError);
    }

    /** Waits until an assertion about an answer of the app holds, which is not stale. */
    void await(String path, Consumer<JsonNode> assertion) {
        await(() -> {
            JsonNode answer = wire.get(stack.app() + path);
            assertThat(answer.path("stale").asBoolean()).as("stale").isFalse();
            assertion.accept(answer);
        });
    }

    /** A subject's alerts about limits, and none about its habits: who jumps over time has left out what would be usual. */
    List<QuotaAlert> alerts(String subject) {
        return wire.values("quota-alerts", QuotaAlert.class).stream()
                .filter(alert -> alert.getSubject().equals(subject))
                .filter(alert -> alert.getKind() != AlertKind.ANOMALY && alert.getKind() != AlertKind.SILENCE)
                .toList();
    }

    /** A customer's invoice at the Stripe stand-in for the period that begins on a day, or else has it. */
    JsonNode invoice(String customer, String day) {
        return wire.get(stack.stripe() + "/stand-in/invoice?customer=" + customer + "&period=" + day);
    }

    /** The total of that invoice. */
    String invoiced(String customer, String day) {
        return invoice(customer, day).path("total").asText();
    }

    /** The amounts of the changes of quantity within its period. */
    List<String> prorations(String customer, String day) {
        return invoice(customer, day).path("prorations").findValuesAsText("amount");
    }

    List<BillableFact> facts(String payer) {
        return wire.values("billable-usage", BillableFact.class).stream()
                .filter(fact -> fact.getPayer().equals(payer))
                .toList();
    }

    /** What {@code tally audit} says. */
    Tally.Result audit() {
        List<String> command = new ArrayList<>(List.of("audit", "--app", stack.app(), "--clock", file.toString()));
        command.addAll(List.of(stack.servers()));
        return Tally.run(command, "");
    }

    @Override
    public void close() {
        stack.close();
    }
}
