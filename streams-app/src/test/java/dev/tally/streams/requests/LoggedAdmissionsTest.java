package dev.tally.streams.requests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.AdmissionStates;
import dev.tally.streams.query.AdmissionTerms;
import dev.tally.streams.query.Answer;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.DecisionBoard;
import dev.tally.streams.state.Repetition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoggedAdmissionsTest {

    private static final Instant AT = Instant.parse("2026-11-21T12:00:00Z");
    private static final Subject PAYER = Subject.user("u1");
    private static final AdmissionAsk ASK =
            new AdmissionAsk("a1", "u1", null, "s1", Map.of("actions", 1L), Duration.ofMinutes(10));

    private final DecisionBoard board = new DecisionBoard();
    private final List<SpecificRecord> inputs = new ArrayList<>();
    private final Map<String, AdmissionDecision> kept = new ConcurrentHashMap<>();
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private Instant now = AT;
    private boolean here = true;
    private boolean copy;
    private Consumer<SpecificRecord> stage = input -> {};

    @Test
    void shouldAskInTheLogOfThePayer() {
        // Given
        stage = input -> decide(Decision.ADMIT, 0);

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).ask(ASK);

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 0), false));
        assertThat(inputs)
                .containsExactly(
                        new AdmissionRequest("a1", "user:u1", "u1", null, "s1", Map.of("actions", 1L), 600_000L));
        assertThat(producer.history()).hasSize(1);
    }

    @Test
    void shouldSayThatAskingAgainIsSafeWithoutADecision() {
        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMillis(1)).ask(ASK);

        // Then
        assertThat(answer)
                .isEqualTo(new Answer.NotReady<>(
                        "there was no decision within 1 ms; asking again with the same actionId is safe",
                        Duration.ofSeconds(1)));
    }

    @Test
    void shouldFindInTheStoreWhatItWasNotTold() {
        // Given
        stage = input -> kept.put("user:u1 a1", decision(Decision.QUEUE, 0));

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMillis(1)).ask(ASK);

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.QUEUE, 0), false));
    }

    @Test
    void shouldLearnWhatAnotherInstanceDecides() {
        // Given
        here = false;
        stage = input -> board.committed(decision(Decision.REJECT, 0));

        // When
        Answer<AdmissionDecision> first = admissions(Duration.ofMinutes(1)).ask(ASK);
        Answer<AdmissionDecision> again = admissions(Duration.ofMinutes(1)).ask(ASK);

        // Then
        assertThat(first).isEqualTo(new Answer.Found<>(decision(Decision.REJECT, 0), false));
        assertThat(again).isEqualTo(new Answer.Found<>(decision(Decision.REJECT, 0), true));
        assertThat(inputs).hasSize(1);
    }

    @Test
    void shouldNotGoByWhatTheStageHasForgotten() {
        // Given
        here = false;
        board.committed(decision(Decision.EXPIRED, 1));
        stage = input -> board.committed(AdmissionDecision.newBuilder(decision(Decision.ADMIT, 0))
                .setAt(now)
                .build());
        LoggedAdmissions admissions = admissions(Duration.ofMinutes(1));

        // When
        now = AT.plus(AdmissionState.KEPT_FOR).minusMillis(1);
        Answer<AdmissionDecision> justBefore = admissions.find(PAYER, "a1", Duration.ZERO);
        now = AT.plus(AdmissionState.KEPT_FOR);
        Answer<AdmissionDecision> forgotten = admissions.find(PAYER, "a1", Duration.ZERO);
        Answer<AdmissionDecision> anew = admissions.ask(ASK);

        // Then
        assertThat(justBefore).isEqualTo(new Answer.Found<>(decision(Decision.EXPIRED, 1), true));
        assertThat(forgotten).isInstanceOf(Answer.NotReady.class);
        assertThat(anew)
                .isInstanceOfSatisfying(
                        Answer.Found.class,
                        found -> assertThat(((AdmissionDecision) found.value()).getDecision())
                                .isEqualTo(Decision.ADMIT));
        assertThat(inputs).hasSize(1);
    }

    @Test
    void shouldSayThatARequestMayNotHaveArrived() {
        // Given
        producer.sendException = new TimeoutException("no broker");

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).ask(ASK);

        // Then
        assertThat(answer)
                .isEqualTo(new Answer.NotReady<>(
                        "Kafka or the schema registry cannot be reached; asking again with the same actionId is safe",
                        Duration.ofSeconds(1)));
    }

    @Test
    void shouldWaitWhileAnActionIsQueued() throws Exception {
        // Given
        kept.put("user:u1 a1", decision(Decision.QUEUE, 0));
        LoggedAdmissions admissions = admissions(Duration.ofMinutes(1));

        // When
        CompletableFuture<Answer<AdmissionDecision>> found =
                CompletableFuture.supplyAsync(() -> admissions.find(PAYER, "a1", Duration.ofMinutes(1)));
        while (!found.isDone()) {
            board.decided(decision(Decision.ADMIT, 1));
        }

        // Then
        assertThat(found.get()).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 1), false));
    }

    @Test
    void shouldAnswerWhatIsStillQueuedInTheEnd() {
        // Given
        kept.put("user:u1 a1", decision(Decision.QUEUE, 0));

        // When
        Answer<AdmissionDecision> found = admissions(Duration.ofMinutes(1)).find(PAYER, "a1", Duration.ofMillis(1));

        // Then
        assertThat(found).isEqualTo(new Answer.Found<>(decision(Decision.QUEUE, 0), false));
    }

    @Test
    void shouldWaitThoughOnlyACopySaysThatAnActionIsQueued() throws Exception {
        // Given
        copy = true;
        kept.put("user:u1 a1", decision(Decision.QUEUE, 0));
        LoggedAdmissions admissions = admissions(Duration.ofMinutes(1));

        // When
        CompletableFuture<Answer<AdmissionDecision>> found =
                CompletableFuture.supplyAsync(() -> admissions.find(PAYER, "a1", Duration.ofMinutes(1)));
        while (!found.isDone()) {
            board.decided(decision(Decision.ADMIT, 1));
        }

        // Then
        // It is stale where it was shown before this began to wait.
        assertThat(found.get())
                .isInstanceOfSatisfying(
                        Answer.Found.class,
                        answer -> assertThat(answer.value()).isEqualTo(decision(Decision.ADMIT, 1)));
    }

    @Test
    void shouldNotWaitForWhatIsDecided() {
        // Given
        kept.put("user:u1 a1", decision(Decision.ADMIT, 0));

        // When
        Answer<AdmissionDecision> found = admissions(Duration.ofMinutes(1)).find(PAYER, "a1", Duration.ofMinutes(1));
        Answer<AdmissionDecision> unknown = admissions(Duration.ofMinutes(1)).find(PAYER, "a2", Duration.ofMinutes(1));

        // Then
        assertThat(found).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 0), false));
        assertThat(unknown).isInstanceOf(Answer.Absent.class);
    }

    @Test
    void shouldCancel() {
        // Given
        decide(Decision.ADMIT, 0);
        stage = input -> {
            board.committed(decision(Decision.ADMIT, 0));
            decide(Decision.CANCELED, 1);
        };

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).cancel(PAYER, "a1");

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.CANCELED, 1), false));
        assertThat(inputs).containsExactly(new AdmissionCancel("a1", "user:u1"));
    }

    @Test
    void shouldNotTakeForItsAnswerWhatWasDecidedBeforeTheCancel() {
        // Given a request that is still in the log, and one that is released while it is canceled
        stage = input -> {
            decide(Decision.QUEUE, 0);
            board.asked(decision(Decision.QUEUE, 0), false);
            decide(Decision.ADMIT, 1);
            board.asked(decision(Decision.ADMIT, 1), false);
            decide(Decision.CANCELED, 2);
        };

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).cancel(PAYER, "a1");

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.CANCELED, 2), false));
    }

    @Test
    void shouldTellTheStateOfWhatIsSettledWhenItIsCanceled() {
        // Given
        decide(Decision.ADMIT, 0);
        stage = input -> board.asked(decision(Decision.ADMIT, 0), true);

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).cancel(PAYER, "a1");

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 0), false));
    }

    @Test
    void shouldHaveAnotherInstanceRepeatWhatIsNotKnownHere() {
        // Given an action that was admitted before this instance began to read, and has run since
        here = false;
        stage = input -> board.asked(decision(Decision.ADMIT, 0), true);

        // When
        Answer<AdmissionDecision> again = admissions(Duration.ofMinutes(1)).ask(ASK);
        Answer<AdmissionDecision> canceled = admissions(Duration.ofMinutes(1)).cancel(PAYER, "a1");

        // Then
        assertThat(again).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 0), false));
        assertThat(canceled).isEqualTo(new Answer.Found<>(decision(Decision.ADMIT, 0), false));
        assertThat(inputs).hasSize(2);
        assertThat(producer.history()).allMatch(record -> Repetition.isAsked(record.headers()));
    }

    @Test
    void shouldAskForNoRepetitionWhereThePayerIs() {
        // Given
        stage = input -> decide(Decision.ADMIT, 0);

        // When
        var unused = admissions(Duration.ofMinutes(1)).ask(ASK);

        // Then
        assertThat(producer.history()).hasSize(1).noneMatch(record -> Repetition.isAsked(record.headers()));
    }

    @Test
    void shouldNotCancelWhatIsOver() {
        // Given
        decide(Decision.EXPIRED, 1);

        // When
        Answer<AdmissionDecision> answer = admissions(Duration.ofMinutes(1)).cancel(PAYER, "a1");

        // Then
        assertThat(answer).isEqualTo(new Answer.Found<>(decision(Decision.EXPIRED, 1), false));
        assertThat(inputs).isEmpty();
    }

    @Test
    void shouldNotClaimACancellationThatIsNotDecided() {
        // Given
        decide(Decision.ADMIT, 0);

        // When
        Answer<AdmissionDecision> pending = admissions(Duration.ofMillis(1)).cancel(PAYER, "a1");
        Answer<AdmissionDecision> unknown = admissions(Duration.ofMillis(1)).cancel(PAYER, "a2");

        // Then
        assertThat(pending).isInstanceOf(Answer.NotReady.class);
        assertThat(unknown).isInstanceOf(Answer.Absent.class);
    }

    private LoggedAdmissions admissions(Duration answerWithin) {
        AdmissionStates states = (payer, actionId) -> {
            AdmissionDecision decision = kept.get(payer.text() + " " + actionId);
            if (!here) {
                return new Answer.NotReady<>("not here", Duration.ofSeconds(1));
            }
            if (decision == null) {
                return new Answer.Absent<>(actionId);
            }
            return copy ? new Answer.FromStandby<>(decision, 3) : new Answer.Found<>(decision, false);
        };
        return new LoggedAdmissions(
                new SubjectLog(new RecordSender(producer), this::record),
                board,
                states,
                states,
                new UsersPay(),
                () -> now,
                answerWithin);
    }

    private ProducerRecord<byte[], byte[]> record(Subject payer, SpecificRecord input) {
        inputs.add(input);
        stage.accept(input);
        return new ProducerRecord<>("subject-log", new byte[0], new byte[0]);
    }

    private void decide(Decision decision, int revision) {
        kept.put("user:u1 a1", decision(decision, revision));
        board.decided(decision(decision, revision));
    }

    private static AdmissionDecision decision(Decision decision, int revision) {
        return new AdmissionDecision(
                "a1",
                "user:u1",
                "u1",
                null,
                "s1",
                Map.of("actions", 1L),
                decision,
                revision,
                null,
                AT,
                null,
                null,
                null);
    }

    private static final class UsersPay implements AdmissionTerms {
        @Override
        public Answer<MeterSet> meters() {
            return new Answer.Found<>(MeterSet.NONE, false);
        }

        @Override
        public Answer<Subject> payer(String userId, @Nullable String orgId) {
            return new Answer.Found<>(Subject.user(userId), false);
        }
    }
}
