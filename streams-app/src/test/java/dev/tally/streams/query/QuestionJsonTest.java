package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.tally.keys.Subject;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.money.Cost;
import dev.tally.streams.query.QuestionJson.Asked;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.Totals.Total;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionJsonTest {

    private static final Subject USER = Subject.user("ü/1:\"");
    private static final Subject ORG = Subject.org("o1");
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");
    private static final Instant AT = Instant.parse("2026-11-21T10:00:00.123Z");
    private static final TypeReference<List<DayUsage>> DAYS = new TypeReference<>() {};

    static List<Question<?>> questions() {
        return List.of(
                new Question.OfUserDay(USER, DAY),
                new Question.OfUsage(USER, "actions", DAY, new Total(Long.MAX_VALUE, 4, AT)),
                new Question.OfUsage(ORG, "actions", DAY, null),
                new Question.OfHistory(USER, "actions", DAY, DAY),
                new Question.OfBreakdown(ORG, Dimension.MODEL, "actions", DAY, DAY),
                new Question.OfLimits(USER, AT, Map.of("actions", 3L)),
                new Question.OfBilling(USER, null),
                new Question.OfBilling(USER, DAY),
                new Question.OfSubscription(USER),
                new Question.OfAdmission(USER, "a/1"),
                new Question.OfCatalogueRecord(USER, CatalogueKind.GRANT, "user:u1/g1"),
                new Question.OfIntake(new TreeSet<>(Set.of(2, 0))));
    }

    @ParameterizedTest
    @MethodSource("questions")
    void shouldReadTheQuestionThatWasSent(Question<?> question) {
        List<Asked> asked =
                List.of(new Asked(question, true), new Asked(questions().getFirst(), false));

        assertThat(QuestionJson.readAsked(new String(QuestionJson.write(asked), StandardCharsets.UTF_8)))
                .isEqualTo(asked.stream().map(Optional::of).toList());
    }

    @Test
    void shouldReadTheAnswerThatWasSent() throws IOException {
        Usage usage = new Usage(USER, "actions", AT, AT, 5, 4, null, LimitState.OK, null, null);
        LimitRow row =
                new LimitRow(Scope.USER, "u1", "actions", Window.DAY, 4, 0, 500, Beyond.PAUSE, LimitState.WARNING, AT);
        BillingPeriod period = new BillingPeriod(
                ORG,
                AT,
                AT,
                "team@1",
                6,
                null,
                List.of(new BillingPeriod.MeterCharges(
                        "credits", 1, 2, 3, 4, 5, 6, 7, 8, List.of(new BillingPeriod.GrantBurn("g1", 9)))),
                new Cost(
                        "USD",
                        new BigDecimal("49.00"),
                        new BigDecimal("72.10"),
                        new BigDecimal("0.0020"),
                        new Cost.Projected(new BigDecimal("121"), new BigDecimal("130.50"), new BigDecimal("1E+3"))));
        SubscriptionInForce subscription =
                new SubscriptionInForce(ORG, "cus_1", AT, List.of(new SubscriptionInForce.PhaseInForce("team", 1, AT)));
        IntakeFigures figures = new IntakeFigures(
                List.of(new PartitionWatermark(1, AT, null)),
                List.of(new Conservation(1, 9, 8, 7, 6, 5, Map.of("null_value", 4L))));

        assertSame(new Question.OfUsage(USER, "actions", DAY, null), usage);
        assertSame(new Question.OfLimits(USER, AT, Map.of()), List.of(row));
        assertSame(new Question.OfBilling(ORG, null), period);
        assertSame(new Question.OfSubscription(ORG), subscription);
        assertSame(new Question.OfIntake(new TreeSet<>(Set.of(1))), figures);
        assertSame(new Question.OfUserDay(USER, DAY), Map.of("actions", new Total(5, 4, AT)));
        assertSame(new Question.OfHistory(USER, "actions", DAY, DAY), List.of(new DayUsage(DAY, 17)));
        assertSame(
                new Question.OfBreakdown(ORG, Dimension.MODEL, "actions", DAY, DAY),
                new Breakdown(List.of(new Breakdown.Row("(none)", 3)), 3));
        assertSame(new Question.OfAdmission(USER, "a"), Stored.of(new byte[] {1, 2}));
        assertSame(new Question.OfCatalogueRecord(USER, CatalogueKind.GRANT, "g"), Stored.of(null));
    }

    private static <T> void assertSame(Question<T> question, T value) throws IOException {
        for (Answer<T> answer : List.<Answer<T>>of(
                new Answer.Found<>(value, true),
                new Answer.Found<>(value, false),
                new Answer.FromStandby<>(value, 12),
                new Answer.OutOfRetention<>(DAY),
                new Answer.Absent<>("it"),
                new Answer.NotReady<>("why", Duration.ofSeconds(2)))) {
            byte[] json = QuestionJson.writeSaid(List.of(QuestionJson.said(answer, question.type())));
            assertThat(QuestionJson.answer(QuestionJson.readSaid(json, 1).getFirst(), question.type()))
                    .isEqualTo(answer);
        }
    }

    @Test
    void shouldNotTakeAMissingFieldForZero() {
        String ofAnotherVersion = "{'kind':'FOUND','value':[{'day':'2026-11-21'}],'stale':false,'lag':0,'oldest':null,"
                + "'text':null,'retryAfterMillis':0}";

        assertThatThrownBy(() -> answer(ofAnotherVersion)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "{}",
                "[]",
                "{'kind':'SOMETHING'}",
                "{'kind':'FOUND','value':null,'stale':false,'lag':0,'oldest':null,'text':null,'retryAfterMillis':0}",
                "{'kind':'ABSENT','value':null,'stale':false,'lag':0,'oldest':null,'text':null,'retryAfterMillis':0}"
            })
    void shouldRefuseWhatIsNoAnswer(String json) {
        assertThatThrownBy(() -> answer(json)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "[]", "[null,null]", "<html>"})
    void shouldRefuseWhatAreNotSoManyAnswers(String json) {
        assertThatThrownBy(() -> QuestionJson.readSaid(json.getBytes(StandardCharsets.UTF_8), 1))
                .isInstanceOf(IOException.class);
    }

    private static Answer<List<DayUsage>> answer(String json) throws IOException {
        byte[] only = ("[" + json.replace('\'', '"') + "]").getBytes(StandardCharsets.UTF_8);
        return QuestionJson.answer(QuestionJson.readSaid(only, 1).getFirst(), DAYS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "{}",
                "7",
                "{'question':null,'copies':false}",
                "{'question':{'about':'everything'},'copies':false}",
                "{'question':{'about':'userDay','user':'nobody','day':'2026-11-21'},'copies':false}",
                "{'question':{'about':'userDay','user':'user:u1','day':'today'},'copies':false}",
                "{'question':{'about':'intake','partitions':[]},'copies':false}"
            })
    void shouldReadTheOthersAroundWhatIsNoQuestion(String json) {
        byte[] good = QuestionJson.write(List.of(new Asked(questions().getFirst(), true)));
        String one = new String(good, StandardCharsets.UTF_8).replaceAll("^\\[|]$", "");

        assertThat(QuestionJson.readAsked("[%s,%s,%s]".formatted(one, json.replace('\'', '"'), one)))
                .extracting(Optional::isPresent)
                .containsExactly(true, false, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "{\"question\":null,\"copies\":false}", "[{]", "[{}"})
    void shouldRefuseWhatIsNoListOfQuestions(String json) {
        assertThatThrownBy(() -> QuestionJson.readAsked(json)).isInstanceOf(IllegalArgumentException.class);
    }
}
