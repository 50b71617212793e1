//! `GET /v1/assets/{name}`, and answers that refer to it.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use dayi::{
    assets::{Assets, Picture},
    config::Settings,
};
use serde_json::json;

use crate::support::{Service, service};

/// A picture whose bytes are text, so that a reply can be read as such.
const GIF: &[u8] = b"GIF89a1";

fn with_picture() -> (Service, Picture) {
    let service = service(Settings::default());
    let picture = Picture::new(GIF.to_vec()).unwrap();
    Assets::in_data(service.data.path()).keep([&picture]).unwrap();
    (service, picture)
}

#[tokio::test]
async fn a_picture_is_served_with_its_type_and_may_be_kept_for_ever() {
    let (service, picture) = with_picture();
    let path = format!("/v1/{}", picture.name().reference());
    let reply = service.get(&path).await;
    assert_eq!((reply.status, reply.text.as_bytes()), (StatusCode::OK, GIF));
    assert_eq!(reply.content_type(), "image/gif");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "private, max-age=31536000, immutable");
    assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");

    let tag = reply.headers[header::ETAG].clone();
    let again = Request::get(&path).header(header::IF_NONE_MATCH, &tag).body(Body::empty()).unwrap();
    let reply = service.send(again).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(reply.headers[header::ETAG], tag);
    let other = Request::get(&path).header(header::IF_NONE_MATCH, "\"x\"").body(Body::empty()).unwrap();
    assert_eq!(service.send(other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_path_leads_to_another_file() {
    let (service, picture) = with_picture();
    let hash = "0".repeat(64);
    for name in [
        "..%2fdayi.sqlite3".to_owned(),
        "%2e%2e%2fdayi.sqlite3".to_owned(),
        format!("..%2fassets%2f{}", picture.name()),
        picture.name().to_string().to_uppercase(),
        format!("{hash}.png"),
        format!("{hash}.svg"),
        "x".to_owned(),
        "%FF".to_owned(),
    ] {
        let reply = service.get(&format!("/v1/assets/{name}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(reply.content_type(), "application/problem+json");
    }
}

#[tokio::test]
async fn a_kept_picture_is_read_where_its_location_says_in_whichever_space() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    for (query, after) in [("", ""), ("?space=default", ""), ("?space=hr", "?space=hr")] {
        let kept = service.post(&format!("/v1/assets{query}"), GIF).await;
        assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text);
        let src = kept.json()["src"].as_str().unwrap().to_owned();
        let location = kept.headers[header::LOCATION].to_str().unwrap();
        assert_eq!(location, format!("/v1/{src}{after}"));
        assert_eq!(service.get(location).await.text.as_bytes(), GIF);
    }
}

#[tokio::test]
async fn an_answer_refers_to_its_pictures_where_they_are_served() {
    let (service, picture) = with_picture();
    let reference = picture.name().reference();
    let answer = format!("看 ![图]({reference}) ![](https://example.com/a.png)");
    let created = service
        .post("/v1/entries", json!({"question": "怎么看图片说明", "answer": answer}).to_string())
        .await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let reply = service.post("/v1/match", json!({"query": "怎么看图片说明"}).to_string()).await.json();
    let answer = &reply["matches"][0]["answer"];
    assert_eq!(answer["markdown"], format!("看 ![图](/v1/{reference}) ![](https://example.com/a.png)"));
    assert_eq!(
        answer["images"],
        json!([{"src": format!("/v1/{reference}"), "alt": "图"}, {"src": "https://example.com/a.png", "alt": ""}])
    );
}
