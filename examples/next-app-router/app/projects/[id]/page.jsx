export async function generateMetadata({ params }) {
  const { id } = await params
  return { title: `Project ${id}` }
}

export default async function Project({ params }) {
  const { id } = await params
  return <h1>Project {id}</h1>
}
