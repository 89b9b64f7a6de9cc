package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.export.ActionExport;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.ExportRequest;
import dev.tally.streams.export.Place;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.IntakeFigures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The rows of an export are the actions that were counted: they add up to the counts, whatever else the log has. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits
@ResourceLock("ExportTest")
class ExportTest {

    private static final int USERS = 15;
    private static final int ORGS = 5;

    @TempDir
    static Path stateDirs;

    private static TallyOnBroker tally;

    private final Random random = new Random(6);
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    private final List<ActionEvent> published = new ArrayList<>();
    private long sent;

    @BeforeAll
    static void startBroker() throws Exception {
        tally = new TallyOnBroker(stateDirs);
    }

    @AfterAll
    static void stopBroker() throws Exception {
        tally.stop();
    }

    private static Meter tokens(String... units) {
        return new Meter("tokens", Aggregation.SUM, List.of(units), null, List.of(), null);
    }

    /** Of some days; one in twenty too late, one in twenty read-only, one in twenty in the future. */
    private ActionEvent action(String eventId) {
        int kind = random.nextInt(20);
        Duration age = Duration.ofMinutes(random.nextInt(60 * 60));
        Instant at = kind == 0 ? now.minus(Duration.ofHours(100)) : kind == 1 ? now.plusSeconds(3_600) : now.minus(age);
        return new ActionEvent(
                eventId,
                at,
                "u" + random.nextInt(USERS),
                random.nextInt(4) == 0 ? null : "o" + random.nextInt(ORGS),
                null,
                null,
                "x",
                Trigger.OTHER,
                kind == 2,
                Map.of("in", (long) random.nextInt(100), "out", (long) random.nextInt(100)),
                null,
                null);
    }

    /** From producers with foreign partitioners; one in ten is sent twice. */
    private void publish(Topics topics, int from, int to) {
        for (int i = from; i < to; i++) {
            ActionEvent action = action("e" + i);
            published.add(action);
            for (int copy = 0; copy < (random.nextInt(10) == 0 ? 2 : 1); copy++) {
                tally.publish(topics, random.nextInt(TallyOnBroker.PARTITIONS), action);
                sent++;
            }
            if (i % 200 == 0) {
                tally.publishGarbage(topics);
                sent++;
            }
        }
        tally.flush();
    }

    private void publishAgain(Topics topics) {
        published.forEach(action -> tally.publish(topics, random.nextInt(TallyOnBroker.PARTITIONS), action));
        sent += published.size();
        tally.flush();
    }

    private ExportRequest request(Subject subject) {
        return request(subject, now);
    }

    /** The last ten days. */
    static ExportRequest request(Subject subject, Instant now) {
        LocalDate today = now.atZone(ZoneOffset.UTC).toLocalDate();
        return new ExportRequest(subject, today.minusDays(10), today, null, Map.of(), null);
    }

    private static ActionExport open(MeteringApp app, ExportRequest request) {
        Answer<ActionExport> answer = app.exports().open(request);
        assertThat(answer).isInstanceOf(Answer.Found.class);
        return ((Answer.Found<ActionExport>) answer).value();
    }

    static List<ActionRow> rows(MeteringApp app, ExportRequest request) {
        List<ActionRow> rows = new ArrayList<>();
        try (ActionExport export = open(app, request)) {
            write(export, rows);
        }
        return rows;
    }

    private static void write(ActionExport export, List<ActionRow> to) {
        try {
            export.writeTo(new ActionExport.Rows() {
                @Override
                public void row(ActionRow row) {
                    to.add(row);
                }

                @Override
                public void passed(Place place) {}
            });
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Long> sums(Subject subject, List<ActionRow> rows) {
        Map<String, Long> sums = new TreeMap<>();
        for (ActionRow row : rows) {
            Instant day = row.action().occurredAt().truncatedTo(ChronoUnit.DAYS);
            for (int i = 0; i < row.amounts().length; i++) {
                sums.merge(subject.text() + "/" + row.meters().get(i) + "/DAY/" + day, row.amounts()[i], Long::sum);
            }
        }
        return sums;
    }

    private static List<Subject> subjects() {
        return Stream.concat(
                        IntStream.range(0, USERS).mapToObj(user -> Subject.user("u" + user)),
                        IntStream.range(0, ORGS).mapToObj(org -> Subject.org("o" + org)))
                .toList();
    }

    private static List<Place> places(List<ActionRow> rows) {
        return rows.stream().map(ActionRow::place).toList();
    }

    /** Waits until every record that was published has its outcome, and that is committed: exports tell of nothing else. */
    private void awaitDecided(MeteringApp... instances) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() ->
                        Stream.of(instances).mapToLong(ExportTest::decidedHere).sum() == sent
                                && behind(instances[0]) == 0);
    }

    private long behind(MeteringApp app) {
        try (ActionExport export = open(app, request(Subject.user("u0")))) {
            return export.behind();
        }
    }

    /** What an instance itself has decided: without HTTP servers they cannot ask each other. */
    private static long decidedHere(MeteringApp app) {
        return app.answers().stores().intake() instanceof Answer.Found<IntakeFigures>(IntakeFigures here, boolean stale)
                ? here.conservation().stream()
                        .mapToLong(one ->
                                one.counted() + one.readOnly() + one.duplicate() + one.late() + one.deadLettered())
                        .sum()
                : 0;
    }

    @Test
    void shouldAddUpToTheCounts() {
        // Given two instances, and what is in a log: duplicates, late, read-only and bad records, partitions that are
        // not their users'
        Topics topics = tally.newTopics("export-");
        tally.publishMeter(topics, tokens("in"));
        try (MeteringApp one = tally.start("export-1", topics, "export");
                MeteringApp other = tally.start("export-2", topics, "export")) {
            TallyOnBroker.awaitRunning(one);
            TallyOnBroker.awaitRunning(other);
            publish(topics, 0, 1_500);
            ActionExport early = open(other, request(Subject.org("o1")));
            tally.publishMeter(topics, tokens("in", "out"));
            publish(topics, 1_500, 3_000);
            publishAgain(topics);

            // When all is decided
            awaitDecided(one, other);

            // Then the rows of every subject add up to its counts, by meter and day
            Map<String, Long> sums = new TreeMap<>();
            List<ActionRow> ofOrg = List.of();
            for (Subject subject : subjects()) {
                List<ActionRow> rows = rows(subject.id().hashCode() % 2 == 0 ? one : other, request(subject));
                sums.putAll(sums(subject, rows));
                ofOrg = subject.equals(Subject.org("o1")) ? rows : ofOrg;
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(tally.usage(topics)).isEqualTo(sums));
            assertThat(places(ofOrg)).hasSizeGreaterThan(300).doesNotHaveDuplicates();

            // And an export of what was decided earlier, with one of what came later, is the same
            List<ActionRow> both = new ArrayList<>();
            write(early, both);
            early.close();
            int first = both.size();
            both.addAll(rows(one, since(request(Subject.org("o1")), early.until())));
            assertThat(first).isLessThan(both.size());
            assertThat(places(both)).containsExactlyInAnyOrderElementsOf(places(ofOrg));

            // And so is one that was broken off and goes on
            Place last = ofOrg.get(ofOrg.size() / 2).place();
            Map<Integer, Long> until;
            try (ActionExport whole = open(one, request(Subject.org("o1")))) {
                until = whole.until();
                assertThat(whole.behind()).isZero();
            }
            List<ActionRow> rest = rows(one, after(request(Subject.org("o1")), last, until));
            assertThat(places(rest)).isEqualTo(places(ofOrg.subList(ofOrg.size() / 2 + 1, ofOrg.size())));
        }
    }

    private static ExportRequest since(ExportRequest of, Map<Integer, Long> since) {
        return new ExportRequest(of.subject(), of.from(), of.to(), null, since, null);
    }

    private static ExportRequest after(ExportRequest of, Place after, Map<Integer, Long> until) {
        return new ExportRequest(of.subject(), of.from(), of.to(), after, Map.of(), until);
    }
}
