package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.streams.query.QuestionJson.Asked;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BatchAnswersTest {

    private static final LocalDate DAY = LocalDate.parse("2026-11-21");

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE);

    @Test
    void shouldAnswerTheOthersWhereOneFails() throws IOException {
        BatchAnswers answers = new BatchAnswers(new Failing("u2"), nanos::get);

        assertThat(read(answers.answers(asked("u1", "u2", "u3")), 3)).containsExactly("1", "the question failed", "1");
    }

    @Test
    void shouldAnswerTheOthersWhereOneIsNotUnderstood() throws IOException {
        BatchAnswers answers = new BatchAnswers(new Failing(""), nanos::get);
        String of = asked("u1", "u2");

        String json = of.replaceFirst("\"about\":\"history\"", "\"about\":\"the future\"");

        assertThat(read(answers.answers(json), 2)).containsExactly("the question is not understood here", "1");
    }

    @Test
    void shouldLeaveWhatNobodyWaitsForAnyMore() throws IOException {
        // Given questions each of which takes two thirds of the time
        Answering slow = new Answering() {
            @Override
            public <T> Answer<T> answer(Question<T> question, boolean copies) {
                nanos.addAndGet(BatchAnswers.WITHIN.toNanos() * 2 / 3);
                return new Failing("").answer(question, copies);
            }
        };

        // When
        byte[] said = new BatchAnswers(slow, nanos::get).answers(asked("u1", "u2", "u3", "u4"));

        // Then
        assertThat(read(said, 4))
                .containsExactly("1", "1", "too many questions at a time", "too many questions at a time");
    }

    @Test
    void shouldRefuseWhatAreNoQuestions() {
        BatchAnswers answers = new BatchAnswers(new Failing(""), nanos::get);

        assertThatThrownBy(() -> answers.answers("{}")).isInstanceOf(IllegalArgumentException.class);
    }

    /** Answers what is asked about all but one user: one day's use of 1. */
    private record Failing(String user) implements Answering {

        @Override
        @SuppressWarnings("unchecked")
        public <T> Answer<T> answer(Question<T> question, boolean copies) {
            Question.OfHistory history = (Question.OfHistory) (Question<?>) question;
            if (history.subject().id().equals(user)) {
                throw new IllegalStateException("of no use");
            }
            return new Answer.Found<>((T) List.of(new DayUsage(DAY, 1)), false);
        }
    }

    private static String asked(String... users) {
        return new String(
                QuestionJson.write(Stream.of(users)
                        .map(user -> new Asked(history(user), false))
                        .toList()),
                StandardCharsets.UTF_8);
    }

    private static Question.OfHistory history(String user) {
        return new Question.OfHistory(Subject.user(user), "actions", DAY, DAY);
    }

    /** Of each answer the use, or why there is none. */
    private static List<String> read(byte[] json, int questions) throws IOException {
        List<String> read = new ArrayList<>();
        for (QuestionJson.Said said : QuestionJson.readSaid(json, questions)) {
            read.add(
                    switch (QuestionJson.answer(said, history("u1").type())) {
                        case Answer.Found<List<DayUsage>>(List<DayUsage> days, boolean stale) ->
                            Long.toString(days.getFirst().used());
                        case Answer.NotReady<List<DayUsage>> notReady -> notReady.reason();
                        case Answer<List<DayUsage>> other -> other.toString();
                    });
        }
        return read;
    }
}
