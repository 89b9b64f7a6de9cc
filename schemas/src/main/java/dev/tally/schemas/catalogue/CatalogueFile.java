package dev.tally.schemas.catalogue;

import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MeterFilter;
import dev.tally.schemas.OveragePrice;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.PriceInterval;
import dev.tally.schemas.Prices;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Report;
import dev.tally.schemas.Role;
import dev.tally.schemas.Rounding;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads catalogue files: YAML 1.2 with the top-level lists {@code meters}, {@code plans}, {@code subscriptions}, {@code grants} and
 * {@code memberships}, whose items have exactly the fields of the Avro records. Money is a quoted decimal, times are ISO-8601 in UTC.
 * Absent and null fields take the schema's defaults.
 */
public final class CatalogueFile {

    private static final int MAX_CHARACTERS = 64 * 1024 * 1024;

    private final YamlSource source;
    private final Drafts drafts = Drafts.empty();

    private CatalogueFile(YamlSource source) {
        this.source = source;
    }

    /**
     * Reads a file that stands by itself.
     *
     * @param fileName as it appears in problems
     * @throws CatalogueException with every problem
     */
    public static Catalogue parse(String yaml, String fileName) throws CatalogueException {
        return parse(yaml, fileName, Catalogue.EMPTY);
    }

    /**
     * Reads a file that is to be published beside what is published already.
     *
     * @param published the file may refer to it, and must not change its plan versions and grants
     * @throws CatalogueException with every problem
     */
    public static Catalogue parse(String yaml, String fileName, Catalogue published) throws CatalogueException {
        return read(yaml, fileName, published, true);
    }

    /**
     * Reads a file that is to be compared with what is published: it may hold other content for plan versions and grants than is
     * published, which {@link CatalogueDiff} tells as conflicts.
     *
     * @throws CatalogueException with every problem
     */
    public static Catalogue parseToCompare(String yaml, String fileName, Catalogue published)
            throws CatalogueException {
        return read(yaml, fileName, published, false);
    }

    private static Catalogue read(String yaml, String fileName, Catalogue published, boolean toPublish)
            throws CatalogueException {
        YamlSource source = new YamlSource(fileName);
        CatalogueFile file = new CatalogueFile(source);
        YamlFields.read(source, compose(yaml, fileName), "", file::lists);
        CatalogueRules.check(file.drafts, published, source::problem);
        if (toPublish) {
            PublishedRules.check(file.drafts, published, source::problem);
        }
        if (source.count() > 0) {
            throw new CatalogueException(source.problems());
        }
        return file.drafts.catalogue();
    }

    private static Node compose(String yaml, String fileName) throws CatalogueException {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(fileName)
                .setCodePointLimit(MAX_CHARACTERS)
                .build();
        try {
            Optional<Node> root = new Compose(settings).composeString(yaml);
            if (root.isPresent()) {
                return root.get();
            }
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw new CatalogueException(List.of(fileName + ":" + line + ": not YAML: " + e.getProblem()));
        } catch (YamlEngineException e) {
            throw new CatalogueException(List.of(fileName + ":1: not YAML: " + e.getMessage()));
        }
        throw new CatalogueException(List.of(fileName + ":1: the file is empty"));
    }

    private boolean lists(YamlFields top) {
        items(top, "meters", CatalogueFile::meter, drafts.meters());
        items(top, "plans", CatalogueFile::plan, drafts.plans());
        items(top, "subscriptions", CatalogueFile::subscription, drafts.subscriptions());
        items(top, "grants", CatalogueFile::grant, drafts.grants());
        items(top, "memberships", CatalogueFile::membership, drafts.memberships());
        return true;
    }

    private <T> void items(YamlFields top, String name, Function<YamlFields, T> shape, Drafts.ListOf<T> target) {
        top.list(name, List.<T>of(), (node, at) -> {
            Optional<T> value = YamlFields.read(source, node, at, shape);
            value.ifPresentOrElse(
                    one -> target.add(new Drafts.Draft<>(one, at, source.isUnreadable(at))), target::markIncomplete);
            return value;
        });
        if (source.isUnreadable(name) && target.drafts().isEmpty()) {
            target.markIncomplete();
        }
    }

    private static Meter meter(YamlFields fields) {
        return new Meter(
                fields.string("meterId"),
                fields.symbol("aggregation", Aggregation.class, null),
                fields.strings("units"),
                fields.record("where", CatalogueFile::filter),
                fields.records("rates", CatalogueFile::rate),
                fields.optionalString("stripeEventName"));
    }

    private static MeterFilter filter(YamlFields fields) {
        return new MeterFilter(
                fields.optionalString("actionType"), fields.optionalString("model"), fields.optionalString("trigger"));
    }

    private static Rate rate(YamlFields fields) {
        return new Rate(
                fields.string("match"),
                fields.optionalNumber("perAction"),
                fields.optionalString("unit"),
                fields.optionalNumber("per1000"));
    }

    private static Plan plan(YamlFields fields) {
        return new Plan(
                fields.string("planId"),
                fields.integer("version"),
                fields.symbol("payer", PayerKind.class, null),
                fields.records("limits", CatalogueFile::limit),
                fields.records("allocations", CatalogueFile::allocation),
                fields.record("prices", CatalogueFile::prices),
                fields.symbol("report", Report.class, Report.OVERAGE));
    }

    static Limit limit(YamlFields fields) {
        return new Limit(
                fields.symbol("scope", Scope.class, null),
                fields.string("meter"),
                fields.symbol("window", LimitWindow.class, null),
                fields.optionalNumber("amount"),
                fields.symbol("beyond", Beyond.class, null),
                fields.integers("warnAt", List.of(80)));
    }

    private static Allocation allocation(YamlFields fields) {
        return new Allocation(fields.string("meter"), fields.number("base"), fields.number("perSeat", 0));
    }

    private static Prices prices(YamlFields fields) {
        return new Prices(
                fields.string("currency"),
                fields.symbol("interval", PriceInterval.class, null),
                fields.decimal("base", "0"),
                fields.decimal("perSeat", "0"),
                fields.records("overage", CatalogueFile::overagePrice));
    }

    private static OveragePrice overagePrice(YamlFields fields) {
        return new OveragePrice(
                fields.string("meter"),
                fields.decimal("amount", null),
                fields.number("per", 1),
                fields.symbol("rounding", Rounding.class, Rounding.EXACT));
    }

    static Subscription subscription(YamlFields fields) {
        return new Subscription(
                fields.string("subject"),
                fields.optionalString("stripeCustomerId"),
                fields.optionalString("stripeSeatItemId"),
                fields.instant("anchor"),
                fields.symbol("status", SubscriptionStatus.class, SubscriptionStatus.ACTIVE),
                fields.records("phases", CatalogueFile::phase),
                fields.records("overrides", CatalogueFile::limit),
                fields.record("caps", CatalogueFile::caps),
                fields.optionalInteger("poolLowShare"),
                fields.optionalNumber("overageCap"),
                fields.strings("alertEmails"),
                fields.strings("webhooks"));
    }

    private static Phase phase(YamlFields fields) {
        return new Phase(fields.string("planId"), fields.integer("version"), fields.instant("effectiveFrom"));
    }

    static Caps caps(YamlFields fields) {
        return new Caps(
                fields.optionalNumber("memberDefault"),
                fields.optionalNumber("spaceDefault"),
                fields.numbersById("member"),
                fields.numbersById("space"));
    }

    static Grant grant(YamlFields fields) {
        return new Grant(
                fields.string("subject"),
                fields.string("grantId"),
                fields.string("meter"),
                fields.number("amount"),
                fields.instant("effectiveAt"),
                fields.optionalInstant("expiresAt"));
    }

    static Membership membership(YamlFields fields) {
        return new Membership(
                fields.string("orgId"),
                fields.string("userId"),
                fields.symbol("role", Role.class, Role.MEMBER),
                fields.symbol("status", MembershipStatus.class, null),
                fields.optionalString("email"),
                fields.optionalInstant("acceptedAt"),
                fields.optionalInstant("removedAt"));
    }
}
