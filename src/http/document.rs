//! What the OpenAPI document says of keys and spaces, added to every route from the group it is in.

use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Required, ResponseBuilder, SecurityRequirement,
    path::{Operation, ParameterBuilder, ParameterIn, PathItem},
    schema::{ObjectBuilder, Type},
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::access::{Needs, SPACE_PARAMETER};

/// Name of the security scheme.
const KEY: &str = "key";

/// Declares how a key is sent.
pub(super) fn declare_keys(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("dayi_<id>_<secret>")
        .description(Some(
            "Made by `dayi key create`. Not needed on loopback as long as no key was ever made.",
        ))
        .build();
    document.components.get_or_insert_default().add_security_scheme(KEY, SecurityScheme::Http(scheme));
}

/// Says of every route in `document` what its caller needs.
pub(super) fn describe(needs: Needs, document: &mut OpenApi) {
    if needs == Needs::Nothing {
        return;
    }
    let scopes: Vec<&str> = needs.scope().iter().map(|scope| scope.as_str()).collect();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(vec![SecurityRequirement::new(KEY, scopes.clone())]);
        if !matches!(needs, Needs::ScopeEverywhere(_)) {
            let space = ParameterBuilder::new()
                .name(SPACE_PARAMETER)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some("Which FAQ; the header `X-Dayi-Space` does the same. Default: the key's own, or `default`."))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                .build();
            operation.parameters.get_or_insert_default().push(RefOr::T(space));
        }
        for (status, description) in [
            ("401", "No key, or one that is unknown, expired or revoked"),
            ("403", "The key has not this scope, or not in this space"),
            ("404", "There is no such space, or not what the path names"),
            ("429", "Overloaded, or more requests than you may make; see Retry-After"),
        ] {
            let body = Content::new(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", body)
                .build();
            operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = path;
    [get, put, post, delete, patch].into_iter().flatten()
}
