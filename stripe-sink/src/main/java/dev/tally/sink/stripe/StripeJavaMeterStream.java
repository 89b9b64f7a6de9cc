package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.StripeException;
import com.stripe.exception.TemporarySessionExpiredException;
import com.stripe.model.v2.billing.MeterEventSession;
import com.stripe.net.RequestOptions;
import com.stripe.param.v2.billing.MeterEventStreamCreateParams;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.TransientCause;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reports through Stripe's meter event stream ({@code POST /v2/billing/meter_event_stream}), up to 100 events a call: what callers on
 * several threads have to say within a few milliseconds goes together.
 *
 * <p>Stripe checks such events only later, so an event that it took may still not count: the answer is {@link Answer.Streamed}. Calls
 * carry a token that is valid for 15 minutes (Stripe's page "Meter Event Streams").
 */
public final class StripeJavaMeterStream implements StripeMeterEvents {
    /** The most events that Stripe takes in a call. */
    static final int MOST_EVENTS = 100;

    private static final Duration LINGER = Duration.ofMillis(10);

    /** A token that is this near its end is not used: it could expire on the way. */
    private static final Duration TOKEN_MARGIN = Duration.ofMinutes(1);

    private final StripeClient client;
    private final InstantSource clock;
    private final AnswerMapping mapping;
    private final BlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch never = new CountDownLatch(1);
    private final ReentrantLock sessionLock = new ReentrantLock();
    private @Nullable MeterEventSession session;

    private record Waiting(MeterEvent event, CompletableFuture<Answer> answer) {}

    /** Reports through a client; nothing is sent yet. */
    public StripeJavaMeterStream(StripeClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
        this.mapping = new AnswerMapping(clock);
        threads.execute(this::gather);
    }

    /** The key is not used: the stream knows events by their identifiers alone. */
    @Override
    public Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException {
        Waiting waiting = new Waiting(event, new CompletableFuture<>());
        queue.put(waiting);
        try {
            return new Reply(waiting.answer().get(), null);
        } catch (ExecutionException bug) {
            throw new IllegalStateException("a call to Stripe's stream failed unanswered", bug.getCause());
        }
    }

    private void gather() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                List<Waiting> batch = new ArrayList<>();
                batch.add(queue.take());
                if (queue.size() < MOST_EVENTS - 1) {
                    // One wait for all: to be woken by each of them costs more than to send them.
                    var unused = never.await(LINGER.toNanos(), TimeUnit.NANOSECONDS);
                }
                queue.drainTo(batch, MOST_EVENTS - 1);
                threads.execute(() -> send(batch));
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(List<Waiting> batch) {
        Answer answer;
        try {
            answer = call(batch.stream().map(Waiting::event).toList());
        } catch (RuntimeException bug) {
            batch.forEach(waiting -> waiting.answer().completeExceptionally(bug));
            return;
        }
        if (answer instanceof Answer.Permanent && batch.size() > 1) {
            // Which of them Stripe refuses is known when each has gone alone.
            batch.forEach(waiting -> threads.execute(() -> send(List.of(waiting))));
        } else {
            batch.forEach(waiting -> waiting.answer().complete(answer));
        }
    }

    private Answer call(List<MeterEvent> events) {
        Answer answer = callOnce(events);
        boolean expired = answer instanceof Answer.Transient(TransientCause cause, var detail, var retryAfter)
                && cause == TransientCause.SESSION_EXPIRED;
        return expired ? callOnce(events) : answer;
    }

    private Answer callOnce(List<MeterEvent> events) {
        MeterEventSession valid;
        try {
            valid = session();
        } catch (StripeException failure) {
            return notSent(mapping.of(failure));
        } catch (RuntimeException unreadable) {
            // stripe-java fails unchecked on answers it does not expect.
            return notSent(new Answer.Unknown("unreadable_answer", unreadable.toString()));
        }
        try {
            client.v2()
                    .billing()
                    .meterEventStream()
                    .create(
                            params(events),
                            RequestOptions.builder()
                                    .setApiKey(valid.getAuthenticationToken())
                                    .build());
            return new Answer.Streamed();
        } catch (TemporarySessionExpiredException expired) {
            forget(valid);
            return new Answer.Transient(
                    TransientCause.SESSION_EXPIRED,
                    Objects.requireNonNullElse(expired.getMessage(), "session expired"),
                    Optional.empty());
        } catch (ApiConnectionException noAnswer) {
            return mapping.of(noAnswer);
        } catch (StripeException failure) {
            return mapping.of(failure);
        } catch (RuntimeException unreadable) {
            return new Answer.Unknown("unreadable_answer", unreadable.toString());
        }
    }

    /** Without a session no event was sent, whatever is known of the session. */
    private static Answer notSent(Answer ofSession) {
        return switch (ofSession) {
            case Answer.AccountHalt halt -> halt;
            case Answer.Transient(TransientCause cause, String detail, Optional<Duration> retryAfter)
            when cause == TransientCause.RATE_LIMITED -> ofSession;
            case Answer.Transient(TransientCause cause, String detail, Optional<Duration> retryAfter) ->
                new Answer.Transient(TransientCause.NOT_SENT, "no session: " + detail, retryAfter);
            case Answer.Unknown(String reason, String detail) ->
                new Answer.Transient(TransientCause.NOT_SENT, "no session: " + detail, Optional.empty());
            case Answer.Permanent(String reason, String detail) ->
                new Answer.AccountHalt("no_session", reason + ", " + detail);
            case Answer.Accepted unused -> throw new IllegalArgumentException("no answer to a session");
            case Answer.AlreadyExists unused -> throw new IllegalArgumentException("no answer to a session");
            case Answer.Streamed unused -> throw new IllegalArgumentException("no answer to a session");
        };
    }

    private MeterEventSession session() throws StripeException {
        sessionLock.lock();
        try {
            MeterEventSession known = session;
            Instant now = clock.instant();
            if (known == null || !now.isBefore(known.getExpiresAt().minus(TOKEN_MARGIN))) {
                known = client.v2().billing().meterEventSession().create();
                session = known;
            }
            return known;
        } finally {
            sessionLock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality") // another thread may have a newer one by now
    private void forget(MeterEventSession expired) {
        sessionLock.lock();
        try {
            if (session == expired) {
                session = null;
            }
        } finally {
            sessionLock.unlock();
        }
    }

    private static MeterEventStreamCreateParams params(List<MeterEvent> events) {
        MeterEventStreamCreateParams.Builder params = MeterEventStreamCreateParams.builder();
        for (MeterEvent event : events) {
            params.addEvent(MeterEventStreamCreateParams.Event.builder()
                    .setIdentifier(event.identifier())
                    .setEventName(event.eventName())
                    .setTimestamp(event.timestamp().truncatedTo(ChronoUnit.SECONDS))
                    .putPayload(MeterEvent.CUSTOMER_KEY, event.customer())
                    .putPayload(MeterEvent.VALUE_KEY, Long.toString(event.value()))
                    .build());
        }
        return params.build();
    }

    /** Ends what is being sent; what has no answer then is asked for again under the same identifiers. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
