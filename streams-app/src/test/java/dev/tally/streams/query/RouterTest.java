package dev.tally.streams.query;

import static dev.tally.streams.query.KnownInstances.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.query.ForwardedReads.Outcome;
import dev.tally.streams.query.Instances.Reply;
import dev.tally.streams.query.Owners.Owner;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Totals.Total;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RouterTest {

    private static final Subject ORG = Subject.org("o1");
    private static final Part ACCOUNT = Part.ofAccount(ORG, TOPICS);
    private static final Question.OfSubscription QUESTION = new Question.OfSubscription(ORG);
    private static final Answer<Object> NOT_HERE = new Answer.NotReady<>("not here", Duration.ofSeconds(1));

    private final KnownInstances instances = new KnownInstances();
    private final Map<String, List<Reply<Object>>> replies = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final ForwardedReads forwarded = new ForwardedReads();
    private Runnable meanwhile = () -> {};

    @Test
    void shouldAnswerFromHereWithoutAskingAnybody() {
        // Given
        instances.with("self", Set.of(ACCOUNT), Set.of()).with("other", Set.of(), Set.of(ACCOUNT));
        says("self", new Answer.Found<>("here", false));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.Found<>("here", false));
        assertThat(asked).containsExactly("self");
        assertThat(forwarded.of(Outcome.OWNER)).isZero();
    }

    @Test
    void shouldAskTheOwnerOnce() {
        // Given
        instances.with("owner", Set.of(ACCOUNT), Set.of()).with("standby", Set.of(), Set.of(ACCOUNT));
        says("owner", new Answer.Absent<>("it"));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.Absent<>("it"));
        assertThat(asked).containsExactly("owner");
        assertThat(forwarded.of(Outcome.OWNER)).isEqualTo(1);
    }

    @Test
    void shouldAskTheNewOwnerWhereItHasMoved() {
        // Given
        instances.with("old", Set.of(ACCOUNT), Set.of());
        meanwhile = () -> {
            instances.clear();
            instances.with("new", Set.of(ACCOUNT), Set.of());
        };
        says("old", NOT_HERE);
        says("new", new Answer.Found<>("there", false));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.Found<>("there", false));
        assertThat(asked).containsExactly("old", "new");
    }

    @Test
    void shouldGiveUpAfterOneMoreAttempt() {
        // Given instances that each think that the other is the owner
        instances.with("a", Set.of(ACCOUNT), Set.of());
        meanwhile = () -> {
            instances.clear();
            instances.with(asked.size() % 2 == 0 ? "a" : "b", Set.of(ACCOUNT), Set.of());
        };
        says("a", NOT_HERE);
        says("b", NOT_HERE);

        // When / Then
        assertThat(ask()).isEqualTo(NOT_HERE);
        assertThat(asked).containsExactly("a", "b", "self");
        assertThat(forwarded.of(Outcome.NOBODY)).isEqualTo(1);
    }

    @Test
    void shouldAskACopyWhereTheOwnerIsAway() {
        // Given
        instances
                .with("owner", Set.of(ACCOUNT), Set.of())
                .with("building", Set.of(), Set.of(ACCOUNT))
                .with("self", Set.of(), Set.of(ACCOUNT));
        lost("owner", false);
        says("building", NOT_HERE);
        says("self", NOT_HERE);
        says("self", new Answer.FromStandby<>("a while ago", 7));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.FromStandby<>("a while ago", 7));
        assertThat(asked).containsExactly("owner", "self", "building copies", "self copies");
        assertThat(forwarded.of(Outcome.STANDBY)).isEqualTo(1);
    }

    @Test
    void shouldAnswerWhatIsStillHereThoughAnotherIsSaidToHaveIt() {
        // Given a partition that is about to move, then one whose owner has the same address as another instance
        instances.with("next", Set.of(ACCOUNT), Set.of());
        says("next", NOT_HERE);
        says("self", new Answer.Found<>("still here", false));
        says("self", new Answer.Found<>("mine", false));
        says("self", new Answer.Found<>("old", true));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.Found<>("still here", false));
        instances.clear();
        assertThat(ask()).isEqualTo(new Answer.Found<>("mine", false));
        assertThat(ask()).as("another may have gone on with what is behind").isInstanceOf(Answer.NotReady.class);
    }

    @Test
    void shouldSayWhyNobodyCanAnswer() {
        // Given
        instances.with("owner", Set.of(ACCOUNT), Set.of());
        lost("owner", false);

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.NotReady<>("owner is lost", Duration.ofSeconds(1)));
        instances.clear();
        assertThat(ask()).isInstanceOf(Answer.NotReady.class);
        assertThat(asked).containsExactly("owner", "self", "self");
    }

    @Test
    void shouldAskAgainWhereAConnectionHasBroken() {
        // Given
        instances.with("owner", Set.of(ACCOUNT), Set.of());
        lost("owner", true);
        says("owner", new Answer.Found<>("there", true));

        // When / Then
        assertThat(ask()).isEqualTo(new Answer.Found<>("there", true));
        assertThat(asked).containsExactly("owner", "owner");
    }

    @Test
    void shouldTakeNoCopyWhereItWouldNotDo() {
        // Given
        Part intake = new Part(Stage.INTAKE, 0);
        instances.with("owner", Set.of(intake), Set.of()).with("standby", Set.of(), Set.of(intake));
        lost("owner", false);

        // When
        Answer<IntakeFigures> answer = router().askOwner(new Question.OfIntake(new TreeSet<>(Set.of(0))));

        // Then
        assertThat(answer).isInstanceOf(Answer.NotReady.class);
        assertThat(asked).containsExactly("owner", "self");
    }

    @Test
    void shouldNotBeFresherThanWhatItIsMadeOf() {
        // Given a user whose day is a copy's, and whose account is current
        Subject user = Subject.user("u1");
        instances
                .with("gone", Set.of(Part.ofUserDays(user, TOPICS)), Set.of())
                .with("standby", Set.of(), Set.of(Part.ofUserDays(user, TOPICS)))
                .with("owner", Set.of(Part.ofAccount(user, TOPICS)), Set.of());
        lost("gone", false);
        Total total = new Total(5, 4, Instant.EPOCH);
        says("standby", new Answer.FromStandby<>(Map.of("actions", total), 3));
        says("owner", new Answer.Found<>("usage", false));

        // When
        Answer<Usage> usage = new RoutedQueries(instances.owners(), TOPICS, router(), router(), Instant::now)
                .usage(user, "actions", LocalDate.EPOCH);

        // Then
        assertThat(usage)
                .isInstanceOfSatisfying(
                        Answer.FromStandby.class, copy -> assertThat(copy.lag()).isEqualTo(3));
        assertThat(asked).containsExactly("gone", "self", "standby copies", "owner");
    }

    @Test
    void shouldSumOverEachPartitionOnceOrNotAtAll() {
        // Given
        instances
                .with("a", Set.of(new Part(Stage.INTAKE, 0), new Part(Stage.INTAKE, 2)), Set.of())
                .with("b", Set.of(new Part(Stage.INTAKE, 1)), Set.of());
        says("a", new Answer.Found<>(figures(10, 0, 2), false));
        says("a", new Answer.Found<>(figures(10, 0, 2), false));
        says("b", new Answer.Found<>(figures(5, 1), false));
        lost("b", false);
        RoutedQueries queries = new RoutedQueries(instances.owners(), TOPICS, router(), router(), Instant::now);

        // When
        Answer<List<Conservation>> all = queries.conservation();
        Answer<List<PartitionWatermark>> some = queries.watermarks();

        // Then
        assertThat(all)
                .isEqualTo(new Answer.Found<>(
                        List.of(new Conservation(0, 15, 15, 0, 0, 0, Map.of("null_value", 2L))), false));
        assertThat(some).isInstanceOf(Answer.NotReady.class);
    }

    private static IntakeFigures figures(long read, Integer... partitions) {
        return new IntakeFigures(
                Set.of(partitions).stream()
                        .map(partition -> new PartitionWatermark(partition, null, null))
                        .collect(Collectors.toList()),
                List.of(new Conservation(0, read, read, 0, 0, 0, Map.of("null_value", 1L))));
    }

    private void says(String host, Answer<?> answer) {
        @SuppressWarnings("unchecked")
        Answer<Object> any = (Answer<Object>) answer;
        replies.computeIfAbsent(host, h -> new ArrayList<>()).add(new Reply.Said<>(any));
    }

    private void lost(String host, boolean worthRepeating) {
        replies.computeIfAbsent(host, h -> new ArrayList<>()).add(new Reply.Lost<>(host + " is lost", worthRepeating));
    }

    @Test
    void shouldAskNobodyElseWhereItIsAlone() {
        // Given
        instances.with("owner", Set.of(ACCOUNT), Set.of()).with("standby", Set.of(), Set.of(ACCOUNT));
        says("owner", new Answer.Found<>("there", false));

        // When / Then
        assertThat(router().alone().ask(QUESTION)).isInstanceOf(Answer.NotReady.class);
        assertThat(asked).isEmpty();
        assertThat(forwarded.of(Outcome.NOBODY)).isZero();

        // When it is the owner itself
        instances.clear();
        instances.with("self", Set.of(ACCOUNT), Set.of());
        says("self", new Answer.Found<>("here", false));

        // Then
        assertThat(router().alone().ask(QUESTION)).isEqualTo(new Answer.Found<>("here", false));
    }

    private Answer<SubscriptionInForce> ask() {
        return router().ask(QUESTION);
    }

    private Router router() {
        Answering here = new Answering() {
            @Override
            public <T> Answer<T> answer(Question<T> question, boolean copies) {
                return next("self", copies) instanceof Reply.Said<Object> said
                        ? typed(said.answer())
                        : new Answer.NotReady<>("lost", Duration.ofSeconds(1));
            }
        };
        Instances others = new Instances() {
            @Override
            public <T> Reply<T> ask(Owner.At instance, Question<T> question, boolean copies, Duration within) {
                return switch (next(instance.host(), copies)) {
                    case Reply.Said<Object> said -> new Reply.Said<>(typed(said.answer()));
                    case Reply.Lost<Object> lost -> new Reply.Lost<>(lost.why(), lost.worthRepeating());
                };
            }
        };
        return new Router(instances.owners(), TOPICS, here, others, forwarded);
    }

    private Reply<Object> next(String host, boolean copies) {
        asked.add(copies ? host + " copies" : host);
        meanwhile.run();
        List<Reply<Object>> left = replies.getOrDefault(host, List.of());
        return left.isEmpty() && host.equals("self") ? new Reply.Said<>(NOT_HERE) : left.removeFirst();
    }

    /** The router never looks at what an answer is about. */
    @SuppressWarnings("unchecked")
    private static <T> Answer<T> typed(Answer<Object> answer) {
        return (Answer<T>) answer;
    }
}
