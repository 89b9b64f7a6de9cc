package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Changes;
import dev.tally.streams.query.InstanceClient;
import dev.tally.streams.query.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows usage for all streams of this process: one question for all that follow the same, asked when a change is noticed, at midnight, and
 * from time to time where a change gives no notice.
 *
 * <p>All decisions are made by one thread, which never waits for a question or a listener: questions are asked by others, and what is to be
 * sent lies in each stream's mailbox. A change is never lost: a notice that comes after a question was asked leads to another question.
 */
public final class LiveHub implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LiveHub.class);
    private static final Duration SWEEP = Duration.ofMillis(250);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final int FIRST_WITHIN_SECONDS = 10;

    /** So far apart are the questions about a new day, which all feeds have at the same instant. */
    private static final long APART_NANOS = Duration.ofSeconds(1).toNanos() / 4_000;

    /** So many questions are asked at once: what several other instances that do not answer keep waiting, and as many again. */
    private static final int AT_ONCE = 4 * InstanceClient.IN_BACKGROUND;

    private final Sources sources;
    private final LiveTimes times;
    private final int most;
    private final LiveFigures figures = new LiveFigures();
    private final LiveStream.Context streamContext;
    private final SplittableRandom random;
    private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Thread thread;
    private volatile boolean stopping;
    private volatile boolean broken;

    // The rest is the one thread's alone.
    private final Map<Followed, Feed> feeds = new HashMap<>();
    private final PriorityQueue<Feed> due = new PriorityQueue<>(Comparator.comparingLong(feed -> feed.asking.dueAt()));
    private LocalDate today;
    private long sweepAt;

    /**
     * What a hub works with.
     *
     * @param queries who is asked; empty until the topology has started
     * @param changes who says that something has changed; empty until the topology has started
     * @param json usage as the event has it, on one line, from the usage and whether it is stale
     * @param clock for the current day
     * @param nanos a clock for waiting, as {@link System#nanoTime}
     * @param askers who asks the questions, each of which may take a while
     */
    public record Sources(
            Supplier<Optional<Question>> queries,
            Supplier<Optional<Changes>> changes,
            BiFunction<Usage, Boolean, String> json,
            InstantSource clock,
            LongSupplier nanos,
            Executor askers) {}

    /** As {@link dev.tally.streams.query.UsageQueries#usage}. */
    @FunctionalInterface
    public interface Question {

        /** A subject's usage of a meter on a day. */
        Answer<Usage> usage(Subject subject, String meter, LocalDate day);
    }

    /** What comes of the wish to follow something. */
    public sealed interface Opening {

        /** To be closed when its listener is gone. */
        record Opened(LiveStream stream) implements Opening {}

        /** There is nothing to follow, or nobody can answer at the moment. */
        record Refused(Answer<Usage> why) implements Opening {}

        /** So many streams are open as may be. */
        record Full(int most) implements Opening {}
    }

    /**
     * A hub that follows nothing yet, and does nothing before {@link #start}.
     *
     * @param most how many streams may be open
     */
    public LiveHub(Sources sources, LiveTimes times, int most) {
        this.sources = sources;
        this.times = times;
        this.most = most;
        this.streamContext = new LiveStream.Context(
                sources.nanos(), figures.sent, figures.dropped, stream -> post(() -> leave(stream)));
        this.today = dayOf(sources.clock().instant());
        this.sweepAt = sources.nanos().getAsLong();
        this.random = new SplittableRandom(sweepAt);
    }

    /** Who asks in a process: many at once, each on a virtual thread. */
    public static ExecutorService askers() {
        return Executors.newFixedThreadPool(
                AT_ONCE, Thread.ofVirtual().name("live-ask-", 0).factory());
    }

    /** Begins to work. */
    public void start() {
        Thread running = Thread.ofPlatform().name("live-hub").daemon().unstarted(this::run);
        thread = running;
        running.start();
    }

    private void run() {
        try {
            while (!stopping) {
                LockSupport.parkNanos(this, step());
            }
            step();
        } catch (RuntimeException | Error e) {
            broken = true;
            log.atError().setCause(e).log("Streams are not served any more; only a restart can help");
        }
    }

    /** Whether streams are served, or not begun to be; false once only a restart can help. */
    public boolean isLive() {
        return !broken;
    }

    /** What the streams count. */
    public LiveFigures figures() {
        return figures;
    }

    /**
     * Begins to follow, and waits for the first answer.
     *
     * @param seen what the listener has seen before; null: nothing
     * @param abort ends the listener's connection, even while something is being written to it
     */
    public Opening open(Followed followed, @Nullable Seen seen, Runnable abort) throws InterruptedException {
        LiveStream stream = join(followed, seen, abort);
        if (stream == null) {
            return new Opening.Full(most);
        }
        boolean opened = false;
        try {
            Answer<Usage> first = first(stream);
            opened = first instanceof Answer.Found<Usage>;
            return opened ? new Opening.Opened(stream) : new Opening.Refused(first);
        } finally {
            if (!opened) {
                stream.close();
            }
        }
    }

    private static Answer<Usage> first(LiveStream stream) throws InterruptedException {
        try {
            return stream.first().get(FIRST_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException slow) {
            return notReady("no answer came in time");
        } catch (ExecutionException e) {
            throw new IllegalStateException("an answer is never a failure", e);
        }
    }

    /** A stream whose first answer is still to come; null when there are too many. */
    @Nullable
    LiveStream join(Followed followed, @Nullable Seen seen, Runnable abort) {
        if (figures.open.incrementAndGet() > most) {
            figures.open.decrementAndGet();
            return null;
        }
        LiveStream stream = new LiveStream(followed, seen, abort, streamContext);
        post(() -> join(stream));
        if (stopping) {
            stream.first().complete(notReady("stopping"));
        }
        return stream;
    }

    private void post(Runnable what) {
        inbox.add(what);
        LockSupport.unpark(thread);
    }

    /**
     * Does what is to be done now.
     *
     * @return after how many nanoseconds there may be something to do again, unless something comes before
     */
    long step() {
        Runnable next = inbox.poll();
        while (next != null) {
            guarded(next);
            next = inbox.poll();
        }
        long now = sources.nanos().getAsLong();
        if (stopping) {
            feeds.values().stream().toList().forEach(this::end);
            return 0;
        }
        Instant time = sources.clock().instant();
        if (!dayOf(time).equals(today)) {
            today = dayOf(time);
            long at = now;
            for (Feed feed : feeds.values()) {
                long inTurn = at;
                guarded(() -> requestAt(feed, inTurn, now));
                at += APART_NANOS;
            }
        }
        while (!due.isEmpty() && due.peek().asking.dueAt() - now <= 0) {
            Feed feed = due.remove();
            feed.asking.noLongerDue();
            guarded(() -> request(feed, now));
        }
        if (sweepAt - now <= 0) {
            sweepAt = now + SWEEP.toNanos();
            feeds.values().forEach(feed -> guarded(() -> sweep(feed, now)));
        }
        long wait = Math.min(sweepAt - now, nanosToMidnight(time));
        return due.isEmpty() ? wait : Math.min(wait, due.peek().asking.dueAt() - now);
    }

    /** One feed's trouble is not another's. */
    private static void guarded(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("Something about a stream failed");
        }
    }

    private static LocalDate dayOf(Instant time) {
        return time.atZone(ZoneOffset.UTC).toLocalDate();
    }

    private long nanosToMidnight(Instant time) {
        Instant midnight = today.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        return Math.max(0, Duration.between(time, midnight).toNanos());
    }

    private void join(LiveStream stream) {
        long now = sources.nanos().getAsLong();
        if (stopping) {
            stream.first().complete(notReady("stopping"));
            return;
        }
        Feed feed = feeds.computeIfAbsent(stream.followed(), followed -> new Feed(followed, times, random));
        feed.streams.add(stream);
        stream.opened(now);
        String away = feed.told.awayBecause();
        if (feed.told.current() != null) {
            welcome(feed, stream, now);
        } else if (away != null) {
            stream.first().complete(notReady(away));
        } else {
            request(feed, now);
        }
    }

    private void welcome(Feed feed, LiveStream stream, long now) {
        Reading reading = feed.told.current();
        Frame frame = feed.frame();
        if (reading != null && frame != null) {
            stream.first().complete(new Answer.Found<>(reading.usage(), reading.stale()));
            stream.offer(reading, frame, now, times.disbelief().toNanos());
        }
    }

    private void leave(LiveStream stream) {
        figures.open.decrementAndGet();
        Feed feed = feeds.get(stream.followed());
        if (feed != null && feed.streams.remove(stream) && feed.streams.isEmpty()) {
            end(feed);
        }
    }

    private void end(Feed feed) {
        feed.ended = true;
        feed.asking.forget();
        feed.unwatch();
        due.remove(feed);
        feeds.remove(feed.followed);
        feed.streams.forEach(stream -> {
            stream.first().complete(notReady("stopping"));
            stream.end();
        });
    }

    /** Asks now, or as soon as the pace allows. */
    private void request(Feed feed, long now) {
        requestAt(feed, now, now);
    }

    /** Asks at some time, or as soon after it as the pace allows. */
    private void requestAt(Feed feed, long at, long now) {
        if (feed.ended) {
            return;
        }
        switch (feed.asking.request(at, now)) {
            case ASK -> ask(feed, now);
            case LATER -> due.add(feed);
            case SOONER -> {
                due.remove(feed);
                due.add(feed);
            }
            case KNOWN -> {}
        }
    }

    private void ask(Feed feed, long now) {
        sources.changes().get().ifPresent(changes -> feed.watch(changes, () -> noticed(feed)));
        // Before the question: what changes after it was asked is news.
        feed.asks();
        Asking asking = feed.asking;
        int number = asking.ask(now);
        LocalDate day = today;
        sources.askers().execute(() -> {
            // Nobody wants the answer any more where it has waited for too long.
            if (asking.isWanted(number)) {
                asking.begin(sources.nanos().getAsLong());
                Answer<Usage> answer = answer(feed.followed, day);
                post(() -> answered(feed, number, answer));
            }
        });
    }

    /** By whoever made the change. */
    private void noticed(Feed feed) {
        if (feed.isNews()) {
            post(() -> request(feed, sources.nanos().getAsLong()));
        }
    }

    private Answer<Usage> answer(Followed followed, LocalDate day) {
        try {
            return sources.queries()
                    .get()
                    .map(question -> question.usage(followed.subject(), followed.meter(), day))
                    .orElseGet(() -> notReady("starting"));
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("Usage that is followed cannot be asked for");
            return notReady("the question failed");
        }
    }

    private static Answer<Usage> notReady(String reason) {
        return new Answer.NotReady<>(reason, RETRY_AFTER);
    }

    private void answered(Feed feed, int number, Answer<Usage> answer) {
        if (!feed.asking.isWanted(number)) {
            return;
        }
        long now = sources.nanos().getAsLong();
        Told.Step step = feed.told.take(answer, now);
        feed.asking.answered(step instanceof Told.Step.Tell, now);
        switch (step) {
            case Told.Step.Tell(Reading reading) -> tell(feed, reading, now);
            case Told.Step.Nothing() -> {}
            case Told.Step.Away(String reason) -> away(feed, reason, answer, now);
            case Told.Step.Gone() -> {
                feed.streams.forEach(stream -> stream.first().complete(answer));
                end(feed);
                return;
            }
        }
        if (feed.asking.isToBeAskedAgain()) {
            request(feed, now);
        }
    }

    private void tell(Feed feed, Reading reading, long now) {
        Frame frame = Frame.usage(reading.seen(), sources.json().apply(reading.usage(), reading.stale()));
        feed.frame(frame);
        for (LiveStream stream : feed.streams) {
            welcome(feed, stream, now);
        }
    }

    private void away(Feed feed, String reason, Answer<Usage> answer, long now) {
        Frame frame = Status.frame(reason);
        for (LiveStream stream : feed.streams) {
            if (!stream.first().complete(answer)) {
                stream.status(frame, now);
            }
        }
    }

    private void sweep(Feed feed, long now) {
        if (feed.asking.isOverdue(feed.told.isUnsettled(), now)) {
            ask(feed, now);
        }
        for (LiveStream stream : feed.streams) {
            if (stream.isBehind()) {
                welcome(feed, stream, now);
            }
            stream.look(now, times);
        }
    }

    /** Ends all streams; none can be opened any more. */
    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
    }
}
