use std::{mem::ManuallyDrop, time::Instant};

use index::model::Model;
use serde_json::Value;

use crate::{
    context::{Collection, Context, Needs, Opened, Pinned},
    health,
    http::{Method, Request, Response},
    json,
    keeping::{self, EntityTag, Keeping},
    problem::{Problem, names},
    query::{Query, percent_decode},
    timing,
};

/// The paths of the interface, by which both the functions and the OpenAPI description name them. A part in braces stands for any text.
pub mod paths {
    /// Recommendations for a history.
    pub const RECOMMENDATIONS: &str = "/v1/{collection}/recommendations";
    /// What is popular.
    pub const POPULAR: &str = "/v1/{collection}/popular";
    /// What to rate first.
    pub const ONBOARDING: &str = "/v1/{collection}/onboarding";
    /// Items by ids or by title.
    pub const ITEMS: &str = "/v1/{collection}/items";
    /// One item.
    pub const ITEM: &str = "/v1/{collection}/items/{id}";
    /// Items by their words.
    pub const SEARCH: &str = "/v1/{collection}/search";
    /// See [`SEARCH`].
    pub const SUGGEST: &str = "/v1/{collection}/suggest";
    /// Items like one.
    pub const SIMILAR: &str = "/v1/{collection}/items/{id}/similar";
    /// The clusters of the catalogue.
    pub const CLUSTERS: &str = "/v1/{collection}/clusters";
    /// The members of a cluster.
    pub const CLUSTER: &str = "/v1/{collection}/clusters/{cluster}";
    /// Baskets like one.
    pub const BASKETS: &str = "/v1/{collection}/baskets";
    /// Predictions for rows.
    pub const PREDICTIONS: &str = "/v1/{collection}/predictions";
    /// What a row has.
    pub const PREDICTION_SCHEMA: &str = "/v1/{collection}/predictions/schema";
    /// What is served.
    pub const COLLECTIONS: &str = "/v1/collections";
    /// Liveness.
    pub const HEALTHZ: &str = "/healthz";
    /// Readiness.
    pub const READYZ: &str = "/readyz";
    /// Liveness of a function that runs without the others, under whose name the manifest leads there.
    pub const FUNCTION_HEALTHZ: &str = "/healthz/{function}";
    /// Its readiness.
    pub const FUNCTION_READYZ: &str = "/readyz/{function}";
    /// The description of the interface.
    pub const OPENAPI: &str = "/openapi.json";
    /// Alias: random items.
    pub const GETRANDOM: &str = "/getrandom";
    /// Alias: recommendations for rated titles.
    pub const GETRECOMCOLLAB: &str = "/getrecomcollab";
    /// Alias: recommendations for rated ids, by clusters.
    pub const GETRECOM: &str = "/getrecom";
    /// Alias: songs that go with songs.
    pub const API_RECOMMEND: &str = "/api/recommend";
    /// Alias: whether somebody gets a job.
    pub const PREDICT: &str = "/predict";
    /// Alias: a sign of life.
    pub const ROOT: &str = "/";
}

/// A method of a path, and what answers it.
#[derive(Clone, Debug)]
pub struct Route {
    /// GET, which answers HEAD as well, or POST.
    pub method: Method,
    /// One of [`paths`].
    pub path: &'static str,
    /// What answers.
    pub answer: Answer,
}

/// What answers a request.
pub type Answer = fn(&Call<'_>) -> Result<Response, Problem>;

impl Route {
    /// A path to read.
    pub const fn get(path: &'static str, answer: Answer) -> Self {
        Self {
            method: Method::Get,
            path,
            answer,
        }
    }

    /// A path to ask with a body.
    pub const fn post(path: &'static str, answer: Answer) -> Self {
        Self {
            method: Method::Post,
            path,
            answer,
        }
    }
}

/// A request on its route.
#[derive(Debug)]
pub struct Call<'a> {
    /// The request.
    pub request: &'a Request,
    /// What the function knows beside it.
    pub context: &'a Context<'a>,
    parameters: Vec<(&'static str, String)>,
}

impl<'a> Call<'a> {
    /// What stands in the path in the place of `{name}`, decoded.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(parameter, _)| *parameter == name)
            .map_or("", |(_, value)| value)
    }

    /// The parameters of the query, which are to be among these.
    pub fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        Query::parse(&self.request.query)?.only(known)
    }

    /// The body.
    pub fn body(&self) -> Result<Value, Problem> {
        json::parse(self.request.checked_body()?, json::BODY)
    }

    /// Answers from the current generation of the collection in the path, opened with what `needs` says.
    ///
    /// What GET is answered may be kept, by whom `keeping` says. Whoever has the answer already is told so before more than the pointer is read.
    pub fn answer_from(
        &self,
        needs: &Needs<'_>,
        keeping: Keeping,
        answer: &mut dyn FnMut(&Collection<'a>) -> Result<Response, Problem>,
    ) -> Result<Response, Problem> {
        self.answer_from_generation(None, needs, keeping, answer)
    }

    /// The same from a certain generation, as long as it is there.
    pub fn answer_from_generation(
        &self,
        generation: Option<&str>,
        needs: &Needs<'_>,
        keeping: Keeping,
        answer: &mut dyn FnMut(&Collection<'a>) -> Result<Response, Problem>,
    ) -> Result<Response, Problem> {
        let open = |pinned: Pinned| {
            let other = generation.filter(|wanted| *wanted != pinned.manifest.generation);
            let other = other.and_then(|wanted| self.context.earlier(&pinned.manifest, wanted));
            self.context.open_pinned(other.unwrap_or(pinned), needs)
        };
        self.answer_by(open, keeping, answer)
    }

    /// The same for a collection that predicts.
    pub fn answer_from_model(
        &self,
        keeping: Keeping,
        answer: impl FnOnce(&Opened<Model>) -> Result<Response, Problem>,
    ) -> Result<Response, Problem> {
        self.answer_by(|pinned| self.context.open_model(pinned), keeping, answer)
    }

    fn answer_by<T>(
        &self,
        open: impl Fn(Pinned) -> Result<Opened<T>, Problem>,
        keeping: Keeping,
        answer: impl FnOnce(&Opened<T>) -> Result<Response, Problem>,
    ) -> Result<Response, Problem> {
        // For as long as the instance lives.
        let open = |pinned| open(pinned).map(ManuallyDrop::new);
        let pinned = self.context.current(self.parameter("collection"))?;
        if self.request.method == Method::Post {
            return answer(&*open(pinned)?);
        }
        let tag = EntityTag::of_generation(&pinned.manifest.generation, self.request);
        if tag.is_known_to(self.request) {
            return Ok(Response::empty(304).kept(keeping).tagged(tag));
        }
        let collection = open(pinned)?;
        let tag = EntityTag::of_generation(&collection.manifest.generation, self.request);
        Ok(answer(&collection)?.kept(keeping).tagged(tag))
    }
}

/// Answers a request: finds its route, turns a problem into an answer, and adds what every answer has.
pub fn respond<'a>(request: &'a Request, routes: &[Route], context: &'a Context<'a>) -> Response {
    let started = Instant::now();
    let answer = || dispatch(request, routes, context).unwrap_or_else(|problem| problem.response());
    let mut response = answer();
    // What earlier requests left may be damaged where the storage itself is not; then it is read anew, and put in its place.
    let is_repeated = response.status == 500 && context.distrust_store();
    if is_repeated {
        response = answer();
    }
    // What may not be current is kept by nobody.
    if context.is_stale() {
        response
            .headers
            .retain(|(name, _)| !matches!(*name, "cache-control" | "etag"));
        response = response.with_header("warning", "110 - \"Response is Stale\"");
    }
    let response = keeping::finish(request, response);
    let response = context.settings().cors_origins.admit(request, response);
    let timing = timing::server_timing(context, is_repeated, started.elapsed());
    let mut response = response.with_header("server-timing", timing);
    if request.method == Method::Head {
        response.body.clear();
    }
    response
}

fn dispatch<'a>(
    request: &'a Request,
    routes: &[Route],
    context: &'a Context<'a>,
) -> Result<Response, Problem> {
    let on_path: Vec<(&Route, Vec<(&'static str, String)>)> = routes
        .iter()
        .chain(&health::ROUTES)
        .filter_map(|route| Some((route, matched(route.path, &request.path)?)))
        .collect();
    if on_path.is_empty() {
        return Err(Problem::NoSuchRoute {
            path: percent_decode(&request.path),
        });
    }
    let wanted = match &request.method {
        Method::Head => &Method::Get,
        method => method,
    };
    let mut allowed = Vec::new();
    for (route, parameters) in on_path {
        if route.method == *wanted {
            return (route.answer)(&Call {
                request,
                context,
                parameters,
            });
        }
        allowed.push(route.method.clone());
        if route.method == Method::Get {
            allowed.push(Method::Head);
        }
    }
    allowed.push(Method::Options);
    if request.method == Method::Options {
        return Ok(Response::empty(204).with_header("allow", names(&allowed)));
    }
    Err(Problem::MethodNotAllowed {
        method: request.method.clone(),
        allowed,
    })
}

/// What stands for the parts in braces, if the path has this form. An empty part stands for nothing.
fn matched(form: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut parameters = Vec::new();
    let mut parts = path.split('/');
    for expected in form.split('/') {
        let part = parts.next()?;
        match expected
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(_) if part.is_empty() => return None,
            Some(name) => parameters.push((name, percent_decode(part))),
            None if part == expected => {}
            None => return None,
        }
    }
    parts.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_part_by_part() {
        let check = |path: &str, expected: Option<&[(&'static str, &str)]>| {
            let expected = expected.map(|parameters| {
                parameters
                    .iter()
                    .map(|&(name, value)| (name, value.to_owned()))
                    .collect::<Vec<_>>()
            });
            assert_eq!(matched(paths::ITEM, path), expected, "{path}");
        };
        check(
            "/v1/movies/items/a%2Fb",
            Some(&[("collection", "movies"), ("id", "a/b")]),
        );
        check("/v1/movies/items", None);
        check("/v1/movies/items/", None);
        check("/v1/movies/items/1/", None);
        check("/v1//items/1", None);
        check("/v2/movies/items/1", None);
        assert_eq!(matched(paths::ROOT, "/"), Some(Vec::new()));
    }
}
