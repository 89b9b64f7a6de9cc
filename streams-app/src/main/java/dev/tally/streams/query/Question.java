package dev.tally.streams.query;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Totals.Total;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A question that one instance can answer from its own stores, and that can be sent there. What a caller asks may take two: what the intake
 * knows of a user goes with the question to the accounts stage, so that no instance ever asks on behalf of another.
 *
 * @param <T> what the answer is about
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "about")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Question.OfUserDay.class, name = "userDay"),
    @JsonSubTypes.Type(value = Question.OfUsage.class, name = "usage"),
    @JsonSubTypes.Type(value = Question.OfHistory.class, name = "history"),
    @JsonSubTypes.Type(value = Question.OfBreakdown.class, name = "breakdown"),
    @JsonSubTypes.Type(value = Question.OfLimits.class, name = "limits"),
    @JsonSubTypes.Type(value = Question.OfBilling.class, name = "billing"),
    @JsonSubTypes.Type(value = Question.OfSubscription.class, name = "subscription"),
    @JsonSubTypes.Type(value = Question.OfAdmission.class, name = "admission"),
    @JsonSubTypes.Type(value = Question.OfCatalogueRecord.class, name = "catalogueRecord"),
    @JsonSubTypes.Type(value = Question.OfIntake.class, name = "intake"),
})
sealed interface Question<T> {

    /** The part of the state that the answer lies in. */
    Part part(Topics topics);

    /** The answer that stores give. */
    Answer<T> answeredBy(StoreUsageQueries stores);

    /** What the answer is about. */
    TypeReference<T> type();

    /** What a user has used on a day, by meter. */
    record OfUserDay(Subject user, LocalDate day) implements Question<Map<String, Total>> {
        @Override
        public Part part(Topics topics) {
            return Part.ofUserDays(user, topics);
        }

        @Override
        public Answer<Map<String, Total>> answeredBy(StoreUsageQueries stores) {
            return stores.userDay(user, day);
        }

        @Override
        public TypeReference<Map<String, Total>> type() {
            return new TypeReference<>() {};
        }
    }

    /**
     * Usage beside its limit.
     *
     * @param ofUser what the intake knows of a user's day; null: nothing was used, or it is an org
     */
    record OfUsage(
            Subject subject,
            String meter,
            LocalDate day,
            @Nullable Total ofUser) implements Question<Usage> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(subject, topics);
        }

        @Override
        public Answer<Usage> answeredBy(StoreUsageQueries stores) {
            return stores.usage(subject, meter, day, ofUser);
        }

        @Override
        public TypeReference<Usage> type() {
            return new TypeReference<>() {};
        }
    }

    /** Usage by day. */
    record OfHistory(Subject subject, String meter, LocalDate from, LocalDate to) implements Question<List<DayUsage>> {
        @Override
        public Part part(Topics topics) {
            return Part.ofDays(subject, topics);
        }

        @Override
        public Answer<List<DayUsage>> answeredBy(StoreUsageQueries stores) {
            return stores.history(subject, meter, from, to);
        }

        @Override
        public TypeReference<List<DayUsage>> type() {
            return new TypeReference<>() {};
        }
    }

    /** An org's usage by dimension. */
    record OfBreakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to)
            implements Question<Breakdown> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(org, topics);
        }

        @Override
        public Answer<Breakdown> answeredBy(StoreUsageQueries stores) {
            return stores.breakdown(org, by, meter, from, to);
        }

        @Override
        public TypeReference<Breakdown> type() {
            return new TypeReference<>() {};
        }
    }

    /**
     * The limits in force.
     *
     * @param userToday what the intake knows of a user's day that {@code at} lies in, by meter, as far as limits count it
     */
    record OfLimits(Subject subject, Instant at, Map<String, Long> userToday) implements Question<List<LimitRow>> {
        public OfLimits {
            userToday = Map.copyOf(userToday);
        }

        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(subject, topics);
        }

        @Override
        public Answer<List<LimitRow>> answeredBy(StoreUsageQueries stores) {
            return stores.limits(subject, at, userToday);
        }

        @Override
        public TypeReference<List<LimitRow>> type() {
            return new TypeReference<>() {};
        }
    }

    /** A billing period. */
    record OfBilling(Subject subject, @Nullable LocalDate in) implements Question<BillingPeriod> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(subject, topics);
        }

        @Override
        public Answer<BillingPeriod> answeredBy(StoreUsageQueries stores) {
            return stores.billing(subject, in);
        }

        @Override
        public TypeReference<BillingPeriod> type() {
            return new TypeReference<>() {};
        }
    }

    /** The subscription in force. */
    record OfSubscription(Subject subject) implements Question<SubscriptionInForce> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(subject, topics);
        }

        @Override
        public Answer<SubscriptionInForce> answeredBy(StoreUsageQueries stores) {
            return stores.subscription(subject);
        }

        @Override
        public TypeReference<SubscriptionInForce> type() {
            return new TypeReference<>() {};
        }
    }

    /** An admission, as it is stored. */
    record OfAdmission(Subject payer, String actionId) implements Question<Stored> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(payer, topics);
        }

        @Override
        public Answer<Stored> answeredBy(StoreUsageQueries stores) {
            return stores.admission(payer, actionId);
        }

        @Override
        public TypeReference<Stored> type() {
            return new TypeReference<>() {};
        }
    }

    /** A record of the catalogue as the accounts stage goes by it, as it is stored. */
    record OfCatalogueRecord(Subject subject, CatalogueKind kind, String key) implements Question<Stored> {
        @Override
        public Part part(Topics topics) {
            return Part.ofAccount(subject, topics);
        }

        @Override
        public Answer<Stored> answeredBy(StoreUsageQueries stores) {
            return stores.catalogueRecord(subject, kind, key);
        }

        @Override
        public TypeReference<Stored> type() {
            return new TypeReference<>() {};
        }
    }

    /** What partitions of the intake tell that one instance works on. The first stands for all: there is no copy to ask. */
    record OfIntake(SortedSet<Integer> partitions) implements Question<IntakeFigures> {
        public OfIntake {
            if (partitions.isEmpty()) {
                throw new IllegalArgumentException("no partition is named");
            }
            partitions = new TreeSet<>(partitions);
        }

        @Override
        public Part part(Topics topics) {
            return new Part(Stage.INTAKE, partitions.first());
        }

        @Override
        public Answer<IntakeFigures> answeredBy(StoreUsageQueries stores) {
            return stores.intake(partitions);
        }

        @Override
        public TypeReference<IntakeFigures> type() {
            return new TypeReference<>() {};
        }
    }
}
