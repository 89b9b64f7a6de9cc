package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tally.streams.metering.TraceSeries.Sum;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Anomalies on the real trace, users and orgs, meter {@code actions}. Baselines trail, from 2011 on; judged is what happens from 2020 on,
 * while the constants were chosen on what lies before. Without the trace the tests are reported as skipped.
 */
class SpikesOnTraceTest {

    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final long HOUR = Duration.ofHours(1).toMillis();
    private static final long JUDGED_FROM =
            Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();
    private static final long SEED = 20_200_101;
    private static final int INJECTIONS = 200;

    /** Before that a subject has no baseline, and nothing is raised. */
    private static final int DAYS_BEFORE = 3;

    private static final long RUNAWAY_HOURS = 2;

    private static Map<String, List<Sum>> series = Map.of();

    @BeforeAll
    static void read() throws IOException {
        assumeThat(TraceSeries.FILE).as("the shared trace").exists();
        series = TraceSeries.bySubject();
    }

    /**
     * An active day of a subject.
     *
     * @param activeDaysBefore how many the subject had before it
     */
    private record SubjectDay(String subject, long day, List<Sum> sums, int activeDaysBefore) {
        long amount() {
            return sums.stream().mapToLong(Sum::amount).sum();
        }

        /** The subject's own rate on this day: per hour of the clock in which it acted. */
        long hourly() {
            TreeSet<Long> hours = new TreeSet<>();
            sums.forEach(sum -> hours.add(sum.at() / HOUR));
            return amount() / hours.size();
        }
    }

    private static List<SubjectDay> judgedDays() {
        List<SubjectDay> judged = new ArrayList<>();
        series.forEach((subject, sums) -> {
            TreeMap<Long, List<Sum>> days = new TreeMap<>();
            sums.forEach(sum -> days.computeIfAbsent(sum.at() / DAY, day -> new ArrayList<>())
                    .add(sum));
            int before = 0;
            for (Map.Entry<Long, List<Sum>> day : days.entrySet()) {
                if (day.getKey() * DAY >= JUDGED_FROM) {
                    judged.add(new SubjectDay(subject, day.getKey(), day.getValue(), before));
                }
                before++;
            }
        });
        return judged;
    }

    @Test
    void shouldRaiseAtMostOneFalseEpisodeInAThousandSubjectDays() {
        // Given
        long busyDays = judgedDays().stream().filter(day -> day.amount() >= 20).count();

        // When
        long episodes = 0;
        for (List<Sum> sums : series.values()) {
            for (Deviation deviation : raised(sums)) {
                if (deviation.end().toEpochMilli() > JUDGED_FROM) {
                    episodes++;
                }
            }
        }

        // Then
        System.out.printf("%d false episodes in %d subject-days with 20 actions or more%n", episodes, busyDays);
        assertThat(busyDays).isGreaterThan(900);
        assertThat(1_000 * episodes).isLessThanOrEqualTo(busyDays);
    }

    /**
     * A runaway agent: from a seeded moment of a seeded day with 50 actions or more on, it acts without pause for two hours, evenly but for
     * jitter, so that together with what the subject does anyway its rate is a multiple of its own rate of that day.
     */
    @ParameterizedTest
    @CsvSource({"5", "10"})
    void shouldFindRunawayAgents(int times) {
        // Given
        List<SubjectDay> days = judgedDays().stream()
                .filter(day -> day.amount() >= 50 && day.activeDaysBefore() >= DAYS_BEFORE)
                .toList();
        Random random = new Random(SEED);
        List<Long> delays = new ArrayList<>();

        // When
        for (int i = 0; i < INJECTIONS; i++) {
            SubjectDay day = days.get(random.nextInt(days.size()));
            long start = day.sums().get(random.nextInt(day.sums().size())).at();
            long more = (times - 1) * day.hourly() * RUNAWAY_HOURS;
            List<Sum> injected = spread(start, RUNAWAY_HOURS * HOUR, more, random);
            firstRaised(day.subject(), injected, start, start + (RUNAWAY_HOURS + 1) * HOUR)
                    .ifPresent(at -> delays.add((at - start) / 60_000));
        }

        // Then
        report("runaway agents", times, days.size(), delays);
        assertThat(delays).hasSizeGreaterThanOrEqualTo(INJECTIONS * 95 / 100);
    }

    /**
     * An agent that repeats itself: from a seeded action of such a day to the end of the day, each action is done several times over, the
     * repetitions at seeded moments of the hour after it. Each action is as likely to be the first one.
     */
    @ParameterizedTest
    @CsvSource({"5", "10"})
    void shouldFindAgentsThatRepeatThemselves(int times) {
        // Given
        List<SubjectDay> days = judgedDays().stream()
                .filter(day -> day.amount() >= 50 && day.activeDaysBefore() >= DAYS_BEFORE)
                .toList();
        Random random = new Random(SEED);
        List<Long> delays = new ArrayList<>();

        // When
        for (int i = 0; i < INJECTIONS; i++) {
            SubjectDay day = days.get(random.nextInt(days.size()));
            long start = action(day, random.nextLong(day.amount()));
            List<Sum> injected = new ArrayList<>();
            for (Sum sum : day.sums()) {
                if (sum.at() >= start) {
                    injected.addAll(spread(sum.at(), HOUR, (times - 1) * sum.amount(), random));
                }
            }
            long end = injected.stream().mapToLong(Sum::at).max().orElseThrow();
            firstRaised(day.subject(), injected, start, end + HOUR).ifPresent(at -> delays.add((at - start) / 60_000));
        }

        // Then
        report("repeating agents", times, days.size(), delays);
        assertThat(delays).hasSizeGreaterThanOrEqualTo(INJECTIONS * 95 / 100);
    }

    @Test
    void shouldRaiseTheSameHoweverTheUsageIsCutIntoSums() {
        // Given runaway agents
        List<SubjectDay> days = judgedDays().stream()
                .filter(day -> day.amount() >= 50 && day.activeDaysBefore() >= DAYS_BEFORE)
                .toList();
        Random random = new Random(SEED);
        int raised = 0;
        for (int i = 0; i < 50; i++) {
            SubjectDay day = days.get(random.nextInt(days.size()));
            long start = day.sums().getFirst().at();
            List<Sum> all = merged(
                    own(day.subject()), spread(start, RUNAWAY_HOURS * HOUR, 9 * day.hourly() * RUNAWAY_HOURS, random));

            // When
            List<Deviation> one = raised(all);
            List<Deviation> other = raised(cut(all, random));

            // Then
            assertThat(other).hasSameSizeAs(one);
            for (int j = 0; j < one.size(); j++) {
                assertThat(Duration.between(one.get(j).end(), other.get(j).end())
                                .abs())
                        .isLessThanOrEqualTo(Duration.ofMinutes(2));
            }
            raised += one.size();
        }
        assertThat(raised).isGreaterThan(40);
    }

    /** Sums of up to five seconds of arrival, each with the time of its newest action. */
    private static List<Sum> cut(List<Sum> sums, Random random) {
        List<Sum> cut = new ArrayList<>();
        Sum open = sums.getFirst();
        long until = open.arrivedAt() + random.nextLong(5_000);
        for (Sum sum : sums.subList(1, sums.size())) {
            if (sum.arrivedAt() > until || Math.abs(sum.at() - open.at()) > 5_000) {
                cut.add(open);
                open = sum;
                until = sum.arrivedAt() + random.nextLong(5_000);
            } else {
                open = new Sum(sum.arrivedAt(), Math.max(open.at(), sum.at()), open.amount() + sum.amount());
            }
        }
        cut.add(open);
        return cut;
    }

    /** The moment of an action of a day, the first being number 0. */
    private static long action(SubjectDay day, long number) {
        long before = 0;
        for (Sum sum : day.sums()) {
            before += sum.amount();
            if (number < before) {
                return sum.at();
            }
        }
        throw new IllegalArgumentException(number + " of " + before);
    }

    /** Single actions, one at a seeded moment of each part of a span. */
    private static List<Sum> spread(long start, long span, long count, Random random) {
        List<Sum> actions = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            long at = start + span * i / count + random.nextLong(Math.max(1, span / count));
            actions.add(new Sum(at, at, 1));
        }
        return actions;
    }

    private static List<Sum> own(String subject) {
        return Objects.requireNonNull(series.get(subject), subject);
    }

    private static List<Sum> merged(List<Sum> own, List<Sum> injected) {
        List<Sum> merged = new ArrayList<>(own);
        merged.addAll(injected);
        merged.sort(Comparator.comparingLong(Sum::arrivedAt));
        return merged;
    }

    /** When the first anomaly is raised within a span that would not have been raised without what is injected. */
    private static OptionalLong firstRaised(String subject, List<Sum> injected, long start, long end) {
        List<Sum> all = merged(own(subject), injected);
        Activity activity = Activity.NONE;
        for (Sum sum : all) {
            if (sum.arrivedAt() > end) {
                break;
            }
            Observation seen = observe(activity, sum);
            activity = seen.activity();
            if (seen.raised() != null && sum.at() >= start && sum.at() <= end) {
                return OptionalLong.of(sum.at());
            }
        }
        return OptionalLong.empty();
    }

    private static List<Deviation> raised(List<Sum> sums) {
        List<Deviation> raised = new ArrayList<>();
        Activity activity = Activity.NONE;
        for (Sum sum : sums) {
            Observation seen = observe(activity, sum);
            activity = seen.activity();
            if (seen.raised() != null) {
                raised.add(seen.raised());
            }
        }
        return raised;
    }

    private static Observation observe(Activity activity, Sum sum) {
        return ActivityWatch.observe(
                activity, sum.amount(), Instant.ofEpochMilli(sum.at()), Instant.ofEpochMilli(sum.arrivedAt()));
    }

    private static void report(String what, int times, int days, List<Long> delays) {
        List<Long> sorted = delays.stream().sorted().toList();
        System.out.printf(
                "%s at %d times the rate, seed %d, %d subject-days to choose from: %d of %d found, median delay %d min, 90 %% within %d min%n",
                what,
                times,
                SEED,
                days,
                sorted.size(),
                INJECTIONS,
                sorted.get(sorted.size() / 2),
                sorted.get(sorted.size() * 9 / 10));
    }
}
