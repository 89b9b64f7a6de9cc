package dev.tally.schemas.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Keys;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads single records from JSON objects, with the fields of a catalogue file and by its rules. Every problem is {@code path: message}.
 * What a record may refer to is {@code existing}: all meters and plans, and the subscription of its subject.
 */
public final class CatalogueJson {

    private CatalogueJson() {}

    /**
     * A subscription. It may name plans that are not there yet, see {@link #missingPlans}.
     *
     * @throws CatalogueException with every problem
     */
    public static Subscription subscription(ObjectNode json, Catalogue existing) throws CatalogueException {
        return subscription(json, CatalogueFile::subscription, existing);
    }

    /**
     * What settings make of an org's subscription: {@code caps}, {@code overrides}, {@code poolLowShare}, {@code overageCap},
     * {@code alertEmails} and {@code webhooks}, of which what is given replaces what was, null takes it away, and the rest stays.
     *
     * @throws CatalogueException with every problem
     */
    public static Subscription settings(ObjectNode json, Subscription before, Catalogue existing)
            throws CatalogueException {
        return subscription(json, fields -> settings(fields, given(json), before), existing);
    }

    private static Subscription settings(YamlFields fields, Set<String> given, Subscription before) {
        return new Subscription(
                before.getSubject(),
                before.getStripeCustomerId(),
                before.getStripeSeatItemId(),
                before.getAnchor(),
                before.getStatus(),
                before.getPhases(),
                given.contains("overrides") ? fields.records("overrides", CatalogueFile::limit) : before.getOverrides(),
                given.contains("caps") ? fields.record("caps", CatalogueFile::caps) : before.getCaps(),
                given.contains("poolLowShare") ? fields.optionalInteger("poolLowShare") : before.getPoolLowShare(),
                given.contains("overageCap") ? fields.optionalNumber("overageCap") : before.getOverageCap(),
                given.contains("alertEmails") ? fields.strings("alertEmails") : before.getAlertEmails(),
                given.contains("webhooks") ? fields.strings("webhooks") : before.getWebhooks());
    }

    private static Set<String> given(ObjectNode json) {
        Set<String> given = new HashSet<>();
        json.fieldNames().forEachRemaining(given::add);
        return given;
    }

    private static Subscription subscription(
            ObjectNode json, Function<YamlFields, Subscription> shape, Catalogue existing) throws CatalogueException {
        return read(json, shape, existing, (subscription, drafts) -> {
            drafts.subscriptions().add(subscription);
            if (!missingPlans(subscription.value(), existing).isEmpty()) {
                drafts.plans().markIncomplete();
            }
        });
    }

    /** The plans that a subscription names and that are not there, as {@code planId@version}, in the order of its phases. */
    public static List<String> missingPlans(Subscription subscription, Catalogue existing) {
        Set<String> there = new HashSet<>();
        existing.plans().forEach(plan -> there.add(Catalogue.key(plan)));
        return subscription.getPhases().stream()
                .map(CatalogueJson::planKey)
                .filter(key -> !there.contains(key))
                .distinct()
                .toList();
    }

    private static String planKey(Phase phase) {
        return Keys.plan(phase.getPlanId(), phase.getVersion());
    }

    /**
     * A grant.
     *
     * @throws CatalogueException with every problem
     */
    public static Grant grant(ObjectNode json, Catalogue existing) throws CatalogueException {
        return read(
                json,
                CatalogueFile::grant,
                existing,
                (grant, drafts) -> drafts.grants().add(grant));
    }

    /**
     * A membership.
     *
     * @throws CatalogueException with every problem
     */
    public static Membership membership(ObjectNode json, Catalogue existing) throws CatalogueException {
        return read(
                json,
                CatalogueFile::membership,
                existing,
                (membership, drafts) -> drafts.memberships().add(membership));
    }

    private interface Add<T> {
        void to(Drafts.Draft<T> record, Drafts drafts);
    }

    private static <T> T read(ObjectNode json, Function<YamlFields, T> shape, Catalogue existing, Add<T> add)
            throws CatalogueException {
        YamlSource source = new YamlSource("");
        Optional<T> record = YamlFields.read(source, node(json), "", shape);
        if (record.isPresent()) {
            Drafts drafts = Drafts.empty();
            add.to(new Drafts.Draft<>(record.get(), "", source.count() > 0), drafts);
            CatalogueRules.check(drafts, existing, source::problem);
        }
        if (source.count() > 0) {
            throw new CatalogueException(source.problemsWithoutLines());
        }
        return record.orElseThrow();
    }

    private static Node node(JsonNode json) {
        return switch (json.getNodeType()) {
            case OBJECT -> mapping((ObjectNode) json);
            case ARRAY -> sequence((ArrayNode) json);
            case STRING -> scalar(Tag.STR, json);
            case NUMBER -> scalar(json.isIntegralNumber() ? Tag.INT : Tag.FLOAT, json);
            case BOOLEAN -> scalar(Tag.BOOL, json);
            case NULL, MISSING -> scalar(Tag.NULL, json);
            case BINARY, POJO ->
                throw new IllegalArgumentException(json.getNodeType() + " does not occur in JSON text");
        };
    }

    private static Node scalar(Tag tag, JsonNode json) {
        return new ScalarNode(tag, json.asText(), ScalarStyle.PLAIN);
    }

    private static Node mapping(ObjectNode json) {
        List<NodeTuple> tuples = new ArrayList<>();
        json.properties()
                .forEach(field -> tuples.add(new NodeTuple(
                        new ScalarNode(Tag.STR, field.getKey(), ScalarStyle.PLAIN), node(field.getValue()))));
        return new MappingNode(Tag.MAP, tuples, FlowStyle.FLOW);
    }

    private static Node sequence(ArrayNode json) {
        List<Node> items = new ArrayList<>();
        json.forEach(item -> items.add(node(item)));
        return new SequenceNode(Tag.SEQ, items, FlowStyle.FLOW);
    }
}
