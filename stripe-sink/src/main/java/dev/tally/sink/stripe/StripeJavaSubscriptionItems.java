package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.StripeException;
import com.stripe.model.Price;
import com.stripe.model.SubscriptionItem;
import com.stripe.net.RequestOptions;
import com.stripe.param.SubscriptionItemUpdateParams;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatItem;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Subscription items through {@code GET} and {@code POST /v1/subscription_items/{id}} of stripe-java. Since API version 2025-03-31 an item
 * carries the billing period itself ({@code current_period_start}, {@code current_period_end}).
 */
public final class StripeJavaSubscriptionItems implements StripeSubscriptionItems {
    private static final String METERED = "metered";

    private final StripeClient client;
    private final AnswerMapping mapping;

    /**
     * Calls through a client; nothing is sent yet.
     *
     * @param clock used for Retry-After dates only
     */
    public StripeJavaSubscriptionItems(StripeClient client, InstantSource clock) {
        this.client = client;
        this.mapping = new AnswerMapping(clock);
    }

    @Override
    public ItemReply read(String item) throws InterruptedException {
        return call(item, () -> client.v1().subscriptionItems().retrieve(item));
    }

    @Override
    public ItemReply update(String item, long quantity, Instant prorationDate, IdempotencyKey key)
            throws InterruptedException {
        SubscriptionItemUpdateParams params = SubscriptionItemUpdateParams.builder()
                .setQuantity(quantity)
                .setProrationBehavior(SubscriptionItemUpdateParams.ProrationBehavior.CREATE_PRORATIONS)
                .setProrationDate(prorationDate.getEpochSecond())
                .build();
        RequestOptions options =
                RequestOptions.builder().setIdempotencyKey(key.text()).build();
        return call(item, () -> client.v1().subscriptionItems().update(item, params, options));
    }

    @FunctionalInterface
    private interface Call {
        SubscriptionItem make() throws StripeException;
    }

    private ItemReply call(String item, Call call) throws InterruptedException {
        try {
            return answered(item, call.make());
        } catch (ApiConnectionException noAnswer) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for Stripe");
            }
            return failed(mapping.of(noAnswer), null);
        } catch (StripeException failure) {
            return failed(mapping.of(failure), failure.getRequestId());
        } catch (RuntimeException unreadable) {
            // stripe-java fails unchecked on answers it does not expect; an update may have been made.
            return failed(new Answer.Unknown("unreadable_answer", unreadable.toString()), null);
        }
    }

    private static ItemReply answered(String item, SubscriptionItem answer) {
        String requestId = answer.getLastResponse() == null
                ? null
                : answer.getLastResponse().requestId();
        if (Boolean.TRUE.equals(answer.getDeleted())) {
            return failed(new Answer.Permanent("item_deleted", item + " is deleted at Stripe"), requestId);
        }
        Long start = answer.getCurrentPeriodStart();
        Long end = answer.getCurrentPeriodEnd();
        if (!item.equals(answer.getId()) || start == null || end == null || start >= end) {
            return failed(new Answer.Unknown("unreadable_answer", "no item " + item + " with a period"), requestId);
        }
        String subscription = answer.getSubscription();
        return new ItemReply(
                new ItemAnswer.Of(new SeatItem(
                        item,
                        subscription == null ? item : subscription,
                        answer.getQuantity(),
                        isMetered(answer.getPrice()),
                        Instant.ofEpochSecond(start),
                        Instant.ofEpochSecond(end))),
                requestId);
    }

    private static boolean isMetered(@Nullable Price price) {
        return price != null
                && price.getRecurring() != null
                && METERED.equals(price.getRecurring().getUsageType());
    }

    private static ItemReply failed(Answer answer, @Nullable String requestId) {
        return new ItemReply(new ItemAnswer.Failed(answer), requestId);
    }
}
