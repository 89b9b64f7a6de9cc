package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class DecisionBoardTest {

    private static final Instant AT = Instant.parse("2026-11-21T12:00:00Z");
    private static final Duration LONG = Duration.ofMinutes(10);

    private final DecisionBoard board = new DecisionBoard();

    @Test
    void shouldTellWhoeverWaitsForThisActionOfThisPayer() throws Exception {
        // Given
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", any -> true, LONG);
        CompletableFuture<AdmissionDecision> otherAction = board.await("user:u1", "a2", any -> true, LONG);
        CompletableFuture<AdmissionDecision> otherPayer = board.await("user:u2", "a1", any -> true, LONG);

        // When
        AdmissionDecision decision = decision("user:u1", "a1", 0, Decision.ADMIT);
        board.decided(decision);

        // Then
        assertThat(of(waiting)).isSameAs(decision);
        assertThat(otherAction).isNotDone();
        assertThat(otherPayer).isNotDone();
        assertThat(board.waiting()).isEqualTo(2);
    }

    @Test
    void shouldTellTheFirstDecisionThatIsWanted() throws Exception {
        // Given
        CompletableFuture<AdmissionDecision> waiting =
                board.await("user:u1", "a1", shown -> shown.decision().getDecision() != Decision.QUEUE, LONG);

        // When
        board.decided(decision("user:u1", "a1", 0, Decision.QUEUE));
        boolean afterQueue = waiting.isDone();
        board.decided(decision("user:u1", "a1", 1, Decision.ADMIT));
        board.decided(decision("user:u1", "a1", 2, Decision.CANCELED));

        // Then
        assertThat(afterQueue).isFalse();
        assertThat(of(waiting).getRevision()).isEqualTo(1);
    }

    @Test
    void shouldTellThatAnAdmittedActionIsOverOnlyWhereItIsShownSo() throws Exception {
        // Given
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", DecisionBoard.Shown::isOver, LONG);
        AdmissionDecision admitted = decision("user:u1", "a1", 0, Decision.ADMIT);

        // When
        board.decided(admitted);
        board.asked(admitted, false);
        board.committed(admitted);
        boolean before = waiting.isDone();
        board.asked(admitted, true);

        // Then
        assertThat(before).isFalse();
        assertThat(of(waiting)).isSameAs(admitted);
    }

    @Test
    void shouldPassOverWhatIsOlderThanWhatWasShown() throws Exception {
        // Given
        board.decided(decision("user:u1", "a1", 1, Decision.ADMIT));
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", any -> true, LONG);

        // When
        board.decided(decision("user:u1", "a1", 0, Decision.QUEUE));
        board.committed(decision("user:u1", "a1", 0, Decision.QUEUE));
        board.committed(decision("user:u1", "a1", 1, Decision.ADMIT));
        boolean afterOld = waiting.isDone();
        board.decided(decision("user:u1", "a1", 1, Decision.ADMIT));

        // Then
        assertThat(afterOld).isFalse();
        assertThat(of(waiting).getRevision()).isEqualTo(1);
        assertThat(board.newest("user:u1", "a1"))
                .map(AdmissionDecision::getRevision)
                .hasValue(1);
    }

    @Test
    void shouldTellWhatAnotherInstanceHasDecided() throws Exception {
        // Given
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", any -> true, LONG);

        // When
        board.committed(decision("user:u1", "a1", 0, Decision.REJECT));

        // Then
        assertThat(of(waiting).getDecision()).isEqualTo(Decision.REJECT);
    }

    @Test
    void shouldTellNobodyWhatItRecalls() throws Exception {
        // Given
        board.decided(decision("user:u1", "a2", 1, Decision.CANCELED));
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", any -> true, LONG);

        // When
        board.recall(decision("user:u1", "a1", 0, Decision.ADMIT));
        board.recall(decision("user:u1", "a2", 0, Decision.ADMIT));
        boolean afterOld = waiting.isDone();
        board.committed(decision("user:u1", "a1", 1, Decision.CANCELED));

        // Then
        assertThat(afterOld).isFalse();
        assertThat(of(waiting).getRevision()).isEqualTo(1);
        assertThat(board.newest("user:u1", "a2"))
                .map(AdmissionDecision::getRevision)
                .hasValue(1);
    }

    @Test
    void shouldTakeAnIdThatIsUsedAgainAsNew() throws Exception {
        // Given
        board.decided(decision("user:u1", "a1", 3, Decision.CANCELED));
        CompletableFuture<AdmissionDecision> waiting = board.await("user:u1", "a1", any -> true, LONG);

        // When
        board.decided(AdmissionDecision.newBuilder(decision("user:u1", "a1", 0, Decision.ADMIT))
                .setAt(AT.plus(Duration.ofDays(2)))
                .build());

        // Then
        assertThat(of(waiting).getRevision()).isZero();
    }

    @Test
    void shouldKeepNobodyWhoHasStoppedWaiting() {
        // When
        CompletableFuture<AdmissionDecision> late = board.await("user:u1", "a1", any -> true, Duration.ofMillis(1));
        CompletableFuture<AdmissionDecision> leaving = board.await("user:u1", "a1", any -> true, LONG);
        CompletableFuture<AdmissionDecision> failing = board.await("user:u1", "a1", any -> true, LONG);
        leaving.cancel(false);
        failing.completeExceptionally(new IllegalStateException("not sent"));

        // Then
        assertThatThrownBy(() -> of(late))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        // Whoever is told of the time-out may learn it just before it is forgotten.
        Awaitility.await().untilAsserted(() -> assertThat(board.waiting()).isZero());
        board.decided(decision("user:u1", "a1", 0, Decision.ADMIT));
        assertThat(late).isCompletedExceptionally();
    }

    @Test
    void shouldTellManyWhoWaitAtOnce() throws Exception {
        // Given
        List<CompletableFuture<AdmissionDecision>> waiting = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            waiting.add(board.await("user:u" + i % 10, "a" + i % 100, any -> true, LONG));
        }

        // When
        for (int i = 0; i < 100; i++) {
            board.decided(decision("user:u" + i % 10, "a" + i, 0, Decision.ADMIT));
        }

        // Then
        CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).get(1, TimeUnit.MINUTES);
        assertThat(board.waiting()).isZero();
        for (int i = 0; i < waiting.size(); i++) {
            assertThat(of(waiting.get(i)).getActionId()).isEqualTo("a" + i % 100);
        }
    }

    @Test
    void shouldNotBeHeldUpByWhoeverWaits() throws Exception {
        // Given somebody who does not come back from what follows an answer
        CompletableFuture<Void> never = new CompletableFuture<>();
        CompletableFuture<AdmissionDecision> slow = board.await("user:u1", "a1", any -> true, LONG);
        CompletableFuture<Void> after = slow.thenAccept(decision -> never.join());
        CompletableFuture<AdmissionDecision> other = board.await("user:u1", "a2", any -> true, LONG);

        // When
        board.decided(decision("user:u1", "a1", 0, Decision.ADMIT));
        board.decided(decision("user:u1", "a2", 0, Decision.ADMIT));

        // Then
        assertThat(of(other).getActionId()).isEqualTo("a2");
        assertThat(after).isNotDone();
        never.complete(null);
    }

    @Test
    void shouldRememberOnlyTheNewestActions() {
        // When
        for (int i = 0; i <= DecisionBoard.REMEMBERED; i++) {
            board.decided(decision("user:u1", "a" + i, 0, Decision.ADMIT));
        }

        // Then
        assertThat(board.newest("user:u1", "a0")).isEmpty();
        assertThat(board.newest("user:u1", "a1")).isPresent();
    }

    private static AdmissionDecision of(CompletableFuture<AdmissionDecision> waiting) throws Exception {
        return waiting.get(1, TimeUnit.MINUTES);
    }

    private static AdmissionDecision decision(String payer, String actionId, int revision, Decision decision) {
        return new AdmissionDecision(
                actionId,
                payer,
                "u1",
                null,
                null,
                Map.of("actions", 1L),
                decision,
                revision,
                null,
                AT,
                null,
                null,
                null);
    }
}
