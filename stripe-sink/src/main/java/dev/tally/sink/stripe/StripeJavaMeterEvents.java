package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.StripeException;
import com.stripe.net.RequestOptions;
import com.stripe.param.billing.MeterEventCreateParams;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import java.time.InstantSource;

/**
 * Reports through {@code POST /v1/billing/meter_events} of stripe-java, which never repeats a request by itself here.
 *
 * <p>The meter's payload keys are Stripe's defaults; {@code AccountRules} judges whether a meter has them.
 */
public final class StripeJavaMeterEvents implements StripeMeterEvents {
    private final StripeClient client;
    private final AnswerMapping mapping;

    /**
     * Reports through a client; nothing is sent yet.
     *
     * @param clock used for Retry-After dates only
     */
    public StripeJavaMeterEvents(StripeClient client, InstantSource clock) {
        this.client = client;
        this.mapping = new AnswerMapping(clock);
    }

    @Override
    public Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException {
        RequestOptions options =
                RequestOptions.builder().setIdempotencyKey(key.text()).build();
        try {
            var created = client.v1().billing().meterEvents().create(params(event), options);
            String requestId = created.getLastResponse() == null
                    ? null
                    : created.getLastResponse().requestId();
            if (!event.identifier().equals(created.getIdentifier())) {
                return new Reply(new Answer.Unknown("unreadable_answer", "success for another identifier"), requestId);
            }
            return new Reply(new Answer.Accepted(), requestId);
        } catch (ApiConnectionException noAnswer) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for Stripe");
            }
            return new Reply(mapping.of(noAnswer), null);
        } catch (StripeException failure) {
            return new Reply(mapping.of(failure), failure.getRequestId());
        } catch (RuntimeException unreadable) {
            // stripe-java fails unchecked on answers it does not expect; the event may have been taken.
            return new Reply(new Answer.Unknown("unreadable_answer", unreadable.toString()), null);
        }
    }

    private static MeterEventCreateParams params(MeterEvent event) {
        return MeterEventCreateParams.builder()
                .setIdentifier(event.identifier())
                .setEventName(event.eventName())
                .setTimestamp(event.timestamp().getEpochSecond())
                .putPayload(MeterEvent.CUSTOMER_KEY, event.customer())
                .putPayload(MeterEvent.VALUE_KEY, Long.toString(event.value()))
                .build();
    }
}
